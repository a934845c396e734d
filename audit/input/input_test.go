package input_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pack.yaml")
	if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := input.Read(name, 5)
	if err != nil || string(f.Data) != "12345" || f.Base() != "pack.yaml" || f.SHA256() != "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5" {
		t.Errorf("%+v %v", f, err)
	}
	if _, err := input.Read(name, 4); !errors.Is(err, input.ErrTooLarge) || err.Error() != "read "+name+": larger than 4 bytes" {
		t.Errorf("too large: %v", err)
	}
	if _, err := input.Read(name+".none", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if f, err := input.Optional("", 4); f != nil || err != nil {
		t.Errorf("nothing named: %v %v", f, err)
	}
	if head, err := input.Head(name); err != nil || string(head) != "12345" {
		t.Errorf("%q %v", head, err)
	}
}

// TestReadLarge: a file that is larger than memory is copied, and the copy stays as it is.
func TestReadLarge(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	name := filepath.Join(t.TempDir(), "a")
	for _, n := range []int64{0, 5, input.HeldLimit, input.HeldLimit + 1} {
		if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, n); err != nil {
			t.Fatal(err)
		}
		l, err := input.ReadLarge(name, input.HeldLimit+10)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("67890"), 0o600); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 5)
		if k, _ := l.ReadAt(head, 0); l.Size() != n || string(head[:k]) != "12345"[:min(n, 5)] || (l.Bytes() == nil) != (n > input.HeldLimit) {
			t.Errorf("%d bytes: size %d, %q", n, l.Size(), head[:k])
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%v is left, %v", left, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.Truncate(name, input.HeldLimit+11); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{4, input.HeldLimit + 10} {
		if _, err := input.ReadLarge(name, limit); !errors.Is(err, input.ErrTooLarge) {
			t.Errorf("beyond %d: %v", limit, err)
		}
	}
	if _, err := input.ReadLarge(name+".none", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestFolder(t *testing.T) {
	f := input.Folder{"a.rego": []byte("1"), "data/b.json": []byte("22"), "data/deep/c.json": nil}
	if err := fstest.TestFS(f.FS(), "a.rego", "data/b.json", "data/deep/c.json"); err != nil {
		t.Error(err)
	}
	if _, err := fs.ReadFile(f.FS(), "none"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("missing: %v", err)
	}
	if f.SHA256() == (input.Folder{"a.rego": []byte("2"), "data/b.json": []byte("22"), "data/deep/c.json": nil}).SHA256() {
		t.Error("other bytes, one digest")
	}
}
