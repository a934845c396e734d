package source_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/policy/source"
)

// lay makes a file and its folders.
func lay(t *testing.T, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestFolder: a folder's rules and data are read, once, and nothing else of it.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	rule := lay(t, dir, "a/rule.rego", "package a\n")
	lay(t, dir, "a/rule_test.rego", "package a_test\n")
	lay(t, dir, "data/list.json", "{}")
	lay(t, dir, "notes.json", "{}")
	lay(t, dir, ".secret", "x")
	r, err := source.Read(t.Context(), source.Given{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != source.Directory || r.Signed() || len(r.Files) != 3 || r.Files["data/list.json"] == nil {
		t.Errorf("%s, signed %v, %d files", r.Kind, r.Signed(), len(r.Files))
	}
	if err := os.Remove(rule); err != nil {
		t.Fatal(err)
	}
	files, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(files, "a/rule.rego"); err != nil || string(text) != "package a\n" {
		t.Errorf("the file was read again: %q %v", text, err)
	}
}

// TestRefusals: rules that come from elsewhere are signed or pinned.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	gzip := lay(t, dir, "bundle.tar.gz", "\x1f\x8b\x08")
	text := lay(t, dir, "notes.txt", "no rules")
	pin := "@sha256:" + strings.Repeat("0", 64)
	for want, g := range map[string]source.Given{
		"give that, too":                       {Key: "k.pub"},
		"carries no signature and no digest":   {Path: dir, Key: text},
		"carries no signature and no digest: ": {Path: dir + pin},
		"give --policy-key":                    {Path: gzip},
		"is neither a directory nor":           {Path: text},
		"no such file":                         {Path: filepath.Join(dir, "none")},
		"pin the artifact":                     {Path: "oci://registry.example/rules:latest"},
		"is no digest":                         {Path: "oci://registry.example/rules@sha256:00"},
		"--policy-key: ":                       {Path: gzip, Key: filepath.Join(dir, "none")},
	} {
		if _, err := source.Read(t.Context(), g); err == nil || fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if r, err := source.Read(t.Context(), source.Given{}); r != nil || err != nil {
		t.Errorf("none named: %v %v", r, err)
	}
}

// TestOpen: a bundle that nobody signed and nobody pinned is never opened, however it
// came to be read.
func TestOpen(t *testing.T) {
	if files, err := (*source.Rules)(nil).Open(); files != nil || err != nil {
		t.Errorf("none: %v %v", files, err)
	}
	r := &source.Rules{Path: "b.tar.gz", Kind: source.Bundle, Text: []byte("\x1f\x8b")}
	if _, err := r.Open(); fault.Of(err) != fault.Signature || err == nil {
		t.Errorf("a bundle without a key: %v", err)
	}
	r.Key = &input.File{Name: "k.pub", Data: []byte("no key")}
	if _, err := r.Open(); err == nil || !strings.Contains(err.Error(), "--policy-key k.pub") {
		t.Errorf("no key: %v", err)
	}
}
