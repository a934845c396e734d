package catalog

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var documented = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)`( \\*)? \\|")

// TestFormatIsDocumented: the page on the tables has the columns of each, in
// their order, and a column that it says is never blank is not.
func TestFormatIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/catalogue-format.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("data/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(string(page), "\n## "+filepath.Base(file)+"\n")
		if !ok {
			t.Errorf("the page has no section %s", filepath.Base(file))
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		var columns []string
		filled := map[int]bool{}
		for i, m := range documented.FindAllStringSubmatch(section, -1) {
			columns, filled[i] = append(columns, m[1]), m[2] != ""
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if want := strings.Split(lines[0], "\t"); strings.Join(columns, " ") != strings.Join(want, " ") {
			t.Errorf("%s: the page has %v, the file %v", file, columns, want)
			continue
		}
		for n, line := range lines[1:] {
			for i, cell := range strings.Split(line, "\t") {
				if filled[i] && cell == "" {
					t.Errorf("%s line %d: %s is blank", file, n+2, columns[i])
				}
			}
		}
	}
}
