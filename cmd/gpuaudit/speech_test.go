package main

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/message/phrase"
)

// frenchTree is the tree of commands for who reads French.
func frenchTree(t *testing.T) (*cobra.Command, *phrase.Book) {
	t.Helper()
	a := &app{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Now: time.Now, Getenv: func(string) string { return "" }}
	a.speak("fr")
	if a.words == nil {
		t.Fatal("there is no book in French")
	}
	return a.rootCommand(), a.words
}

// helpTexts are the paragraphs that help shows of a command, and the words of its line of
// usage. How to load a script for a shell is cobra's own text, and stays English.
func helpTexts(root *cobra.Command) (texts, words map[string]string) {
	texts, words = map[string]string{}, map[string]string{}
	eachCommand(root, func(cmd *cobra.Command) {
		at := cmd.CommandPath()
		cmd.InitDefaultHelpFlag()
		list := []string{cmd.Short}
		if !strings.HasPrefix(at, "gpuaudit completion") {
			list = append(list, phrase.Paragraphs(cmd.Long)...)
		}
		for _, p := range list {
			if p != "" && !strings.HasPrefix(p, " ") {
				texts[p] = at
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.HasPrefix(at, "gpuaudit completion ") || f.Name == "help" {
				texts[f.Usage] = at + " --" + f.Name
			}
		})
		for _, w := range regexp.MustCompile(`\p{Lu}{2,}`).FindAllString(cmd.Use, -1) {
			words[w] = at
		}
	})
	for _, title := range []string{"Usage", "Examples", "Commands", "Flags", "Others", "For every command", "gpuaudit COMMAND --help says more of one."} {
		texts[title] = "groups.go"
	}
	for _, g := range flagGroups {
		texts[g.title] = "flagGroups"
	}
	return texts, words
}

// sameInFrench are words of lines of usage that are French as they are.
var sameInFrench = []string{"ARCHIVE", "CAPTURE", "FORMAT", "ID", "SECRET", "URL"}

// TestHelpIsFrench: every text of every help has French, and no French is left of a text
// that no help has any more.
func TestHelpIsFrench(t *testing.T) {
	root, book := frenchTree(t)
	texts, words := helpTexts(root)
	for _, english := range slices.Sorted(maps.Keys(texts)) {
		if _, known := book.Find(english); !known {
			t.Errorf("%s: no French: give one under help in audit/message/phrase/fr.json:\n  %q: \"\"", texts[english], english)
		}
	}
	for w, at := range words {
		if book.Term(w) == w && !slices.Contains(sameInFrench, w) {
			t.Errorf("%s: %s has no French: give it one under terms", at, w)
		}
	}
	s, err := phrase.Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	said := slices.Collect(maps.Keys(texts))
	for english := range texts {
		if _, behind, ok := strings.Cut(english, ": "); ok {
			said = append(said, behind) // as of a flag that is for --recheck
		}
	}
	for english := range s.Help {
		if !slices.ContainsFunc(said, like(english)) {
			t.Errorf("fr.json has French for %q, which no help says any more", english)
		}
	}
	if len(texts) < 300 || len(words) < 15 {
		t.Errorf("%d texts, %d words", len(texts), len(words))
	}
}

// like says whether a text is one of a format.
func like(format string) func(string) bool {
	pieces := strings.Split(format, "%s")
	for i := range pieces {
		pieces[i] = regexp.QuoteMeta(pieces[i])
	}
	return regexp.MustCompile(`\A` + strings.Join(pieces, `.+`) + `\z`).MatchString
}

// TestFrenchHelpFits: no line of a help in French is wider than 80 columns, every flag is
// shown, and no English heading is left.
func TestFrenchHelpFits(t *testing.T) {
	root, _ := frenchTree(t)
	eachCommand(root, func(cmd *cobra.Command) {
		var b bytes.Buffer
		cmd.SetOut(&b)
		cmd.HelpFunc()(cmd, nil)
		for line := range strings.SplitSeq(b.String(), "\n") {
			if w := utf8.RuneCountInString(line); w > helpWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), w, line)
			}
		}
		if strings.HasPrefix(cmd.CommandPath(), "gpuaudit completion") {
			return // cobra's own texts
		}
		for _, english := range []string{"Usage:", "Flags:", "Others:", "For every command", "(default", "repeatable", "help for", " string ", "stringArray", usageMark} {
			if strings.Contains(b.String(), english) {
				t.Errorf("%s: %q is left in its help", cmd.CommandPath(), english)
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(b.String(), "--"+f.Name) {
				t.Errorf("%s: the help does not show --%s", cmd.CommandPath(), f.Name)
			}
		})
	})
}

// TestWrongUsageInFrench: what the libraries say of a command line is French; each text of
// theirs in the book is made here, so that none is kept that they say otherwise now.
func TestWrongUsageInFrench(t *testing.T) {
	_, book := frenchTree(t)
	s, err := phrase.Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	left := maps.Clone(s.Library)
	flags := func() *pflag.FlagSet {
		f := pflag.NewFlagSet("x", pflag.ContinueOnError)
		f.StringP("name", "n", "", "")
		f.Int("count", 0, "")
		return f
	}
	required := &cobra.Command{Use: "x", Run: func(*cobra.Command, []string) {}, SilenceErrors: true, SilenceUsage: true}
	required.Flags().String("output", "", "")
	must(required.MarkFlagRequired("output"))
	required.SetArgs([]string{})
	parent := &cobra.Command{Use: "x", SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true}
	parent.AddCommand(&cobra.Command{Use: "y", Run: func(*cobra.Command, []string) {}})
	parent.SetArgs([]string{"z"})
	for _, err := range []error{
		flags().Parse([]string{"--nome"}), flags().Parse([]string{"-x"}), flags().Parse([]string{"--name"}), flags().Parse([]string{"-n"}),
		flags().Parse([]string{"--=x"}), flags().Parse([]string{"--count=x"}), required.Execute(), parent.Execute(),
	} {
		if err == nil {
			t.Fatal("no error")
		}
		if got := book.Note(err.Error()); got == err.Error() {
			t.Errorf("%q stays English", got)
		}
		for english := range s.Library {
			if like(regexp.MustCompile(`%[qv]`).ReplaceAllString(english, "%s"))(err.Error()) {
				delete(left, english)
			}
		}
	}
	for english := range left {
		t.Errorf("no library says %q", english)
	}
}

// TestLanguageOfNotes: --lang counts before and behind, then the setting, then the locale;
// what is none of the languages does not, and notes in JSON stay English.
func TestLanguageOfNotes(t *testing.T) {
	for _, c := range []struct {
		args   string
		env    map[string]string
		french bool
	}{
		{"--lang fr sacn", nil, true},
		{"sacn --lang=fr", nil, true},
		{"sacn", map[string]string{"LC_MESSAGES": "fr_FR.UTF-8"}, true},
		{"sacn", map[string]string{"LANG": "fr"}, true},
		{"sacn", map[string]string{"LANG": "de_DE.UTF-8"}, false},
		{"sacn", map[string]string{"GPUAUDIT_LANG": "fr", "LANG": "en_US.UTF-8"}, true},
		{"sacn --lang en", map[string]string{"LANG": "fr_FR.UTF-8"}, false},
		{"sacn --lang de", map[string]string{"LANG": "fr_FR.UTF-8"}, true},
		{"sacn -- --lang fr", nil, false},
		{"sacn --lang", nil, false},
		{"sacn", nil, false},
	} {
		var stderr bytes.Buffer
		a := &app{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &stderr, Now: time.Now, Getenv: func(name string) string { return c.env[name] }, LookupEnv: func(string) (string, bool) { return "", false }, unconfined: true}
		if code := a.main(t.Context(), strings.Fields(c.args)); code != exitUsage {
			t.Errorf("%v: exit code %d", c, code)
		}
		if french := strings.Contains(stderr.String(), "commande inconnue") || strings.Contains(stderr.String(), "il manque"); french != c.french {
			t.Errorf("%v: %s", c, &stderr)
		}
	}
	var stderr bytes.Buffer
	a := &app{Stderr: &stderr, logFormat: "json"}
	a.speak("fr")
	a.fail(errors.New("--output is required"))
	if want := `{"level":"error","msg":"--output is required"}` + "\n"; stderr.String() != want {
		t.Errorf("%s", &stderr)
	}
}

// TestSourcesAreFrench: what doctor says of each source has French.
func TestSourcesAreFrench(t *testing.T) {
	t.Parallel()
	_, words := frenchTree(t)
	said := map[string]bool{machine.SourceReadable: true, machine.SourcePartly: true, machine.SourceDenied: true, machine.SourceUnreadable: true}
	for _, c := range machine.Collectors() {
		for _, r := range c.Requires {
			said[r.Decides] = true
		}
	}
	if len(said) < 40 {
		t.Fatalf("%d texts of sources", len(said))
	}
	for text := range said {
		if own, known := words.Find(text); !known || own == text {
			t.Errorf("%q has no French: give it one under notes in audit/message/phrase/fr.json", text)
		}
	}
}
