package scaffold_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy/scaffold"
)

// TestWrite: all files of a rule, into a directory that is made, and never over another rule.
func TestWrite(t *testing.T) {
	r, err := scaffold.New("ACME-PR-001", "A rule", "medium")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	names, err := r.Write(dir)
	files, _ := r.Files()
	if err != nil || len(names) != len(files) {
		t.Fatalf("%q %v", names, err)
	}
	for _, name := range names {
		if text, err := os.ReadFile(name); err != nil || string(text) != string(files[filepath.Base(name)]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(names[0], []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := r.Write(dir); err == nil || !strings.Contains(err.Error(), "is there already") || len(again) > 0 {
		t.Errorf("%q %v", again, err)
	}
	if text, _ := os.ReadFile(names[0]); string(text) != "mine" {
		t.Error("somebody's rule is gone")
	}
}
