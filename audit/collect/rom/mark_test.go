package rom

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRestore: what a killed process noted is disabled, what a living one noted is not.
func TestRestore(t *testing.T) {
	top := t.TempDir()
	marks := filepath.Join(top, "marks")
	at := filepath.Join(top, devices, address)
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	attr := filepath.Join(at, "rom")
	state := func(text string) {
		t.Helper()
		if err := os.WriteFile(attr, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	done := mark(marks, address)
	state(enable)
	if list, err := Restore(root, marks); err != nil || len(list) != 0 {
		t.Errorf("the process that reads lives: %v %v", list, err)
	}
	if b, _ := os.ReadFile(attr); string(b) != enable {
		t.Errorf("the attribute holds %q", b)
	}
	done()
	if list, err := os.ReadDir(marks); err != nil || len(list) != 0 {
		t.Errorf("left behind: %v %v", list, err)
	}
	for _, name := range []string{markPrefix + address, markPrefix + "0000:09:00.0", markPrefix + "../../etc", "other"} {
		_ = os.WriteFile(filepath.Join(marks, filepath.Base(name)), nil, 0o600)
	}
	if list, err := Restore(root, marks); err != nil || len(list) != 1 || list[0] != address {
		t.Errorf("the process was killed: %v %v", list, err)
	}
	if b, _ := os.ReadFile(attr); string(b) != disable {
		t.Errorf("the attribute holds %q", b)
	}
	if list, err := Restore(root, marks); err != nil || len(list) != 0 {
		t.Errorf("a second time: %v %v", list, err)
	}
	if list, err := Restore(root, filepath.Join(top, "none")); err != nil || list != nil {
		t.Errorf("nothing was noted: %v %v", list, err)
	}
}
