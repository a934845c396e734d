package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// leftover is what an unfinished text or a merge leaves behind.
var leftover = regexp.MustCompile(`\bXX+\b|\bTODO\b|\bFIXME\b|\bTBD\b|<{7}|>{7}|={7}$`)

// quoted is what a page shows of other programs.
var quoted = regexp.MustCompile("`[^`]*`")

// pages are the texts that ship: the pages of the project and its helps.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := filepath.Ext(name); ext == ".md" || ext == ".yaml" {
			text, err := os.ReadFile(name)
			texts[strings.TrimPrefix(name, root+string(filepath.Separator))] = string(text)
			return err
		}
		return nil
	})
	if err != nil || len(texts) < 20 {
		t.Fatalf("%d pages: %v", len(texts), err)
	}
	var help func(c *cobra.Command)
	help = func(c *cobra.Command) {
		var b bytes.Buffer
		c.SetOut(&b)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		texts[c.CommandPath()+" --help"] = b.String()
		for _, sub := range c.Commands() {
			help(sub)
		}
	}
	help((&app{}).rootCommand())
	return texts
}

// TestTextsAreFinished: no page and no help holds the leftovers of an unfinished
// text or a merge, and no table says two things about one row.
func TestTextsAreFinished(t *testing.T) {
	for name, text := range pages(t) {
		for i, line := range strings.Split(text, "\n") {
			if m := leftover.FindString(quoted.ReplaceAllString(line, "")); m != "" {
				t.Errorf("%s:%d: %q in %q", name, i+1, m, line)
			}
		}
		if filepath.Ext(name) != ".md" {
			continue
		}
		for _, row := range twice(text) {
			t.Errorf("%s: two rows of one table begin with %q", name, row)
		}
	}
}

// twice lists the first cells that two rows of one table share, where a first
// cell names its row: tables in which it groups rows repeat it side by side, with
// other cells behind it.
func twice(text string) []string {
	var again, seen, rows []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			seen, rows = nil, nil
			continue
		}
		cell := strings.TrimSpace(strings.SplitN(line, "|", 3)[1])
		if slices.Contains(rows, line) || cell != "" && slices.Contains(seen, cell) && seen[len(seen)-1] != cell {
			again = append(again, cell)
		}
		seen, rows = append(seen, cell), append(rows, line)
	}
	return again
}

func TestTwice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"| a | 1 |\n| a | 2 |\n| a | 3 |\n| b | 1 |\n": 0, // groups
		"| a | 1 |\n| b | 1 |\n| a | 2 |\n":            1,
		"| a | 1 |\n| a | 1 |\n":                       1,
		"| a | 1 |\n\n| a | 1 |\n":                     0, // of two tables
		"|  | 1 |\n| b | 1 |\n|  | 2 |\n":              0, // no name
	} {
		if got := twice(text); len(got) != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestTheSampleInREADME: what README shows is what the program prints of that machine, in
// both languages.
func TestTheSampleInREADME(t *testing.T) {
	for page, golden := range map[string]string{"README.md": "doubled-memory.txt", "README.fr.md": "doubled-memory.fr.txt", "docs/carte-neuve.md": "doubled-memory.fr.txt"} {
		t.Run(page, func(t *testing.T) { showsGolden(t, page, golden) })
	}
}

func showsGolden(t *testing.T, page, name string) {
	readme, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile(filepath.Join("..", "..", "testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	sample := regexp.MustCompile("(?s)```\n(AMD.*?)```").FindSubmatch(readme)
	if sample == nil {
		t.Fatal("the page shows no report")
	}
	printed := strings.Split(string(golden), "\n")
	for _, line := range strings.Split(strings.TrimSpace(string(sample[1])), "\n") {
		if strings.TrimSpace(line) != "..." && !slices.Contains(printed, line) {
			t.Errorf("the page shows a line that is not printed: %q", line)
		}
	}
}
