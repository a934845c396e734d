package message

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func inFrench(t *testing.T) *Language {
	t.Helper()
	l, err := Translation("fr")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPhrase(t *testing.T) {
	l := inFrench(t)
	for english, want := range map[string]string{
		"no card tells how long it was used":                             "aucune carte ne dit combien de temps elle a servi",
		"the card has 49140 MiB (nvidia-smi)":                            "la carte a 49140 Mio (nvidia-smi)",
		"the card has 49140 MiB (a); the factory does not fit that size": "la carte a 49140 Mio (a)\u00a0; l’usine ne monte pas cette taille",
		"no trusted manifest states the memory of this device":           "aucun manifeste de confiance n’indique la mémoire de ce périphérique",
		"no trusted manifest states the paint of this device":            "aucun manifeste de confiance n’indique paint de ce périphérique",
		"the memory size could not be read: was refused (sys/a)":         "la taille de la mémoire\u00a0: lecture impossible, lecture refusée (sys/a)",
		"the ids of the card could not be read":                          "les identifiants de la carte n’ont pas pu être lus",
		"RTX 4090 48GB":                                                  "",
		"the card has  MiB (a)":                                          "",
		"no card tells how long it was used; and more":                   "",
		strings.Repeat("x; ", 400):                                       "",
	} {
		if got, known := l.phrase(english); got != want || known != (want != "") {
			t.Errorf("%q: %q, %v, want %q", english, got, known, want)
		}
	}
	if got := l.put("the card has 1 MiB (a)", Piece{Text: "reason"}); got != "la carte a 1 Mio (a)" {
		t.Errorf("in a sentence: %q", got)
	}
	if got := l.put("firmware", Piece{Text: "word"}); got != "firmware" {
		t.Errorf("a word alone: %q", got)
	}
}

// TestPhrasesKeepTheirParameters: what differs stands in both.
func TestPhrasesKeepTheirParameters(t *testing.T) {
	for _, p := range inFrench(t).phrases {
		if !slices.Equal(p.english.Params(), p.own.Params()) {
			t.Errorf("%v: %v", p.english, p.own)
		}
	}
	var texts map[string]string
	if err := json.Unmarshal(frenchPhrases, &texts); err != nil {
		t.Fatal(err)
	}
	for english, text := range texts {
		if regexp.MustCompile(`[^\x{00a0}][:;!?](?: |$)|'`).MatchString(text) {
			t.Errorf("%s: %q is not set as French is", english, text)
		}
	}
}

// begun says that a reason which goes on begins as a phrase does.
func begun(l *Language, reason string) bool {
	return slices.ContainsFunc(l.phrases, func(p phrase) bool {
		return len(p.english) > 1 && strings.HasPrefix(p.english[0].Text, reason) || strings.HasPrefix(reason, "no trusted manifest states the ")
	})
}

// TestReasonsHaveFrench: each reason that compare gives has its words in French.
func TestReasonsHaveFrench(t *testing.T) {
	l := inFrench(t)
	given := regexp.MustCompile(`(?:Reason(?::|, | =| \+=)|open =|Unclear(?:\["[a-z]+"\] =|:)|elsewhere :=|facts\.(?:Unknown|Mismatch|Match|NotCovered),)[^"\n]*?"((?:[^"\\]|\\.)+)"`)
	verbs := regexp.MustCompile(`%[sd]`)
	n := 0
	for _, pattern := range []string{"../compare/*.go", "../offer/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range given.FindAllStringSubmatch(string(text), -1) {
				reason := strings.TrimPrefix(verbs.ReplaceAllString(m[1], "1"), "; ")
				if strings.HasPrefix(reason, ": ") || !strings.Contains(reason, " ") || strings.HasPrefix(reason, " ") {
					continue // put behind another
				}
				n++
				if _, known := l.phrase(reason); !known && !begun(l, reason) {
					t.Errorf("%s: %q has no French", name, reason)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("%d reasons were found: the test reads them no longer", n)
	}
}
