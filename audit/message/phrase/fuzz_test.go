package phrase

import (
	"strings"
	"testing"
)

// FuzzNote: an error holds names of files and words of others. Whatever they are, a note is
// said in bounded work, loses nothing that is not English of the book, and an empty one stays
// empty.
func FuzzNote(f *testing.F) {
	for _, seed := range []string{
		`unknown flag: --jurisdictoin; did you mean --jurisdiction? (gpuaudit scan --help lists all)`,
		`--jurisdiction: "fr": country codes are in capitals: FR`, `capture: open /x: no such file or directory`,
		`waivers a.yaml: invalid waiver file: line 3: reason is missing or says too little`, "reading devices 3 of 8", "", ": ", "%s: %w", "a: b: c: d; did you mean e?",
	} {
		f.Add(seed)
	}
	book, err := Open("fr")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, english string) {
		got := book.Note(english)
		if (got == "") != (english == "") {
			t.Errorf("%q became %q", english, got)
		}
		// What nobody has French for is a name, and stays.
		if marked := book.Note("read \u2603" + english + ": larger than the limit"); !strings.Contains(marked, "\u2603") {
			t.Errorf("%q lost a name: %q", english, marked)
		}
	})
}
