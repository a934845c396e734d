package phrase

import (
	"regexp"
	"strings"
	"testing"
)

func ofFrench(t *testing.T) *Book {
	t.Helper()
	b, err := Open("fr")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBook: each text is not the English one, and puts every parameter of it.
func TestBook(t *testing.T) {
	s, err := Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, section := range []map[string]string{s.Help, s.Notes, s.Library} {
		for english, text := range section {
			if seen[english] {
				t.Errorf("%q is in two sections", english)
			}
			seen[english] = true
			if text == english || strings.TrimSpace(text) == "" {
				t.Errorf("%q has no French", english)
			}
			if !verb.MatchString(english) {
				continue
			}
			f, err := newForm(english, text)
			if err != nil {
				t.Error(err)
				continue
			}
			if put, _ := f.puts(); len(put) != f.count {
				t.Errorf("%q: %q puts %d of %d parameters", english, text, len(put), f.count)
			}
		}
	}
	if len(seen) < 900 {
		t.Errorf("%d texts", len(seen))
	}
}

// small is a book of which a test says all.
func small(t *testing.T) *Book {
	t.Helper()
	b, err := bookOf(&Sections{
		Help:  map[string]string{"One paragraph.": "Un paragraphe.", "for %s: %s": "pour %s\u00a0: %w"},
		Terms: map[string]string{":": "\u00a0:", "FILE": "FICHIER", "[flags]": "[options]", "or": "ou"},
		Notes: map[string]string{
			"broken": "cassé", "read %s: %w": "lire %s\u00a0: %w", "%w in %s": "%W dans %s", "no %q%s (see %s)": "pas de %s%m (voir %[3]s)",
			"; did you mean %s?": " ; vouliez-vous dire %s\u00a0?", "use %s": "utilisez %l", "%d of %d": "%[2]s dont %[1]s", "needs %s": "il manque %u", "a very long way to say %s": "long\u00a0: %s",
			"it is not %[2]s but %[1]s, %[2]s": "c’est %s, et non %s",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNote: a note is said as a whole, or behind what it speaks of; what a book does not know
// stays English, and no sentence is of two languages.
func TestNote(t *testing.T) {
	b := small(t)
	for english, want := range map[string]string{
		"broken":                               "cassé",
		"read a.rom: broken":                   "lire a.rom\u00a0: cassé",
		"read a.rom: open a.rom: no such file": "lire a.rom\u00a0: open a.rom: no such file",
		"--rom: read a.rom: broken":            "--rom\u00a0: lire a.rom\u00a0: cassé",
		"x: y: broken in z":                    "x\u00a0: y\u00a0: cassé dans z",
		"something in z":                       "something in z",
		"x: something: else":                   "x: something: else",
		"no \"a\" (see b)":                     "pas de \"a\" (voir b)",
		"no \"a\"; did you mean c? (see b)":    "pas de \"a\" ; vouliez-vous dire c\u00a0? (voir b)",
		"use a, b or c":                        "utilisez a, b ou c",
		"use a; did you mean b?":               "utilisez a ; vouliez-vous dire b\u00a0?",
		"3 of 5":                               "5 dont 3",
		"needs [FILE] ID":                      "il manque [FICHIER] ID",
		"it is not a but b, a":                 "c’est b, et non a",
		"read x: a very long way to say no":    "lire x\u00a0: long\u00a0: no",
		"%s: %w":                               "%s: %w",
		"":                                     "",
	} {
		if got := b.Note(english); got != want {
			t.Errorf("%q: %q, want %q", english, got, want)
		}
	}
	var none *Book
	if none.Note("broken") != "broken" || none.Help("a\nb") != "a\nb" || none.Usage("FILE") != "FILE" || none.Term(":") != ":" {
		t.Error("a book that is none changed a text")
	}
	if text, known := none.Find("broken"); text != "broken" || !known {
		t.Errorf("%q, %v", text, known)
	}
}

// TestHelp: paragraphs are found whatever their lines are, and one that is not known stays.
func TestHelp(t *testing.T) {
	b := small(t)
	if got := b.Help("One\nparagraph.\n\nAnother\none.\n  a command\n"); got != "Un paragraphe.\n\nAnother one.\n\n  a command" {
		t.Errorf("%q", got)
	}
	if got := b.Help("for x: broken"); got != "pour x\u00a0: cassé" {
		t.Errorf("%q", got)
	}
	if got := b.Usage("gpuaudit scan FILE|OTHER [flags]"); got != "gpuaudit scan FICHIER|OTHER [options]" {
		t.Errorf("%q", got)
	}
}

// TestBadBooks: a text that puts what its English does not have is refused.
func TestBadBooks(t *testing.T) {
	for english, text := range map[string]string{"a %s": "a %s %s", "b %s": "b %[2]s", "c %s": "c %d"} {
		if _, err := bookOf(&Sections{Notes: map[string]string{english: text}}); err == nil || !strings.Contains(err.Error(), english) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Open("de"); err == nil {
		t.Error("a book that is none was opened")
	}
}

// TestHostileNotes: a note that is made of pieces of forms takes bounded work.
func TestHostileNotes(t *testing.T) {
	b := ofFrench(t)
	for _, piece := range []string{": ", "read a: ", "%w: line 1: ", "; did you mean a?", "a in b: ", "\x00\xff: ", " than 3 bytes",
		"read 1 of 2 in a (b): line 3: it is, and write: key \"a\"; the of --key a has no is there: give holds not signed to by what which than version 1, not 2 ",
		"%w: line 1: rule a: "} {
		text := strings.Repeat(piece, longest/len(piece))
		if got := b.Note(text); got == "" {
			t.Errorf("%q became nothing", piece)
		}
		if long := text + text; b.Note(long) != long {
			t.Errorf("%q: what is too long was changed", piece)
		}
	}
}

// TestNotesOfLibraries: what the libraries say of a command line is French (see the test of
// the commands, which makes them).
func TestNotesOfLibraries(t *testing.T) {
	b := ofFrench(t)
	for english, want := range map[string]string{
		`unknown flag: --jurisdictoin; did you mean --jurisdiction? (gpuaudit scan --help lists all)`: "option inconnue\u00a0: --jurisdictoin\u00a0; vouliez-vous dire --jurisdiction\u00a0? (gpuaudit scan --help les énumère)",
		`--jurisdiction: "fr": country codes are in capitals: FR`:                                     "--jurisdiction\u00a0: \"fr\"\u00a0: les codes de pays sont en majuscules\u00a0: FR",
		`capture: open /x: no such file or directory`:                                                 "capture\u00a0: open /x: no such file or directory",
	} {
		if got := b.Note(english); got != want {
			t.Errorf("%s\n got %s\nwant %s", english, got, want)
		}
	}
}

var anglicism = regexp.MustCompile(`(?i)\b(librairie|supporter|supporté|adresser|digital|éventuellement pas|définitivement|consistant|fichier de log|checker|scanner la)\b`)

// TestNoAnglicisms: words that a French engineer would not write so.
func TestNoAnglicisms(t *testing.T) {
	s, err := Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []map[string]string{s.Help, s.Notes, s.Library} {
		for english, text := range section {
			if found := anglicism.FindString(text); found != "" {
				t.Errorf("%q: %s", english, found)
			}
		}
	}
}

func BenchmarkNote(b *testing.B) {
	for b.Loop() {
		book, err := Open("fr")
		if err != nil {
			b.Fatal(err)
		}
		book.Note(`--jurisdiction: "fr": country codes are in capitals: FR`)
	}
}
