package scaffold_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy/scaffold"
)

// That the files compile, lint and pass their tests is policy-new.txtar's to show.
func TestNew(t *testing.T) {
	for _, c := range []struct{ id, title, want string }{
		{"ACME-PR-001", "Not ours", ""}, {"ACME-BD-100", `It says "no"`, ""},
		{"GA-PR-001", "x", "the program's own"}, {"acme", "x", "no id of a rule"}, {"ACME-XX-001", "x", "no id"},
		{"../X-PR-001", "x", "no id"}, {"ACME-PR-001", " ", "title"}, {"ACME-PR-001", "a\nb", "title"},
	} {
		r, err := scaffold.New(c.id, c.title, "medium")
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.id, err, c.want)
			continue
		}
		if err != nil {
			continue
		}
		files, err := r.Files()
		if err != nil || len(files) != 2 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for name, text := range files {
			if !bytes.Contains(text, []byte(r.Folder())) || bytes.Contains(text, []byte("{{")) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}
