package catalogue

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var documented = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)`( \\*)? \\|")

// TestFormatIsDocumented: the page on the tables has the columns of each, in
// their order, and a column that it says is never blank is not. A file leaves out
// the columns that no row has yet.
func TestFormatIsDocumented(t *testing.T) {
	known := map[string][]string{
		Accelerators().Name: Accelerators().Columns(), Makers().Name: Makers().Columns(), BoardMakers().Name: BoardMakers().Columns(),
		Boards().Name: Boards().Columns(), Revisions().Name: Revisions().Columns(), Mods().Name: Mods().Columns(), SightingRows().Name: SightingRows().Columns(), Sources().Name: Sources().Columns(),
	}
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
		filled := map[string]bool{}
		for _, m := range documented.FindAllStringSubmatch(section, -1) {
			columns, filled[m[1]] = append(columns, m[1]), m[2] != ""
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if want := known[filepath.Base(file)]; !slices.Equal(columns, want) {
			t.Errorf("%s: the page has %v, the table %v", file, columns, want)
			continue
		}
		header := strings.Split(lines[0], "\t")
		for n, line := range lines[1:] {
			for i, cell := range strings.Split(line, "\t") {
				if filled[header[i]] && cell == "" {
					t.Errorf("%s line %d: %s is blank", file, n+2, header[i])
				}
			}
		}
	}
}
