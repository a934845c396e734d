package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write the generated pages anew")

// TestReference holds docs/reference to the commands and docs/rules.md to the
// rules' metadata.
func TestReference(t *testing.T) {
	dir := t.TempDir()
	a := &app{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Now: time.Now, Getenv: os.Getenv}
	root := a.rootCommand()
	root.DisableAutoGenTag = true
	if err := doc.GenMarkdownTree(root, dir); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(names) < 10 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		held(t, filepath.Join("../../docs/reference", filepath.Base(name)), text)
	}
	held(t, "../../docs/rules.md", rulesPage(t))
}

func rulesPage(t *testing.T) []byte {
	t.Helper()
	engine, err := loadPolicy(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("# Rules\n\nMade from the rules' metadata; do not edit. A rule answers fail, unknown, pass or\nnot-applicable; unknown means that facts were missing, and is never a pass.\n")
	category := ""
	for _, r := range engine.Rules() {
		if string(r.Category) != category {
			category = string(r.Category)
			fmt.Fprintf(&b, "\n## %s\n", strings.ReplaceAll(category, "-", " "))
		}
		fmt.Fprintf(&b, "\n### %s: %s\n\n%s, judged on the %s.\n\n%s\n\nWhat to do: %s\n", r.ID, r.Title, r.Severity, r.Scope, strings.TrimSpace(r.Description), strings.TrimSpace(r.Remediation))
		for _, ref := range r.References {
			fmt.Fprintf(&b, "\n- <%s>", ref)
		}
		if len(r.References) > 0 {
			b.WriteString("\n")
		}
	}
	return b.Bytes()
}

func held(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date (%v): run go test ./cmd/gpuaudit -run TestReference -update", path, err)
	}
}
