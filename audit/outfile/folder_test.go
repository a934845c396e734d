package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFolder: what is written is below the folder, under its own names.
func TestFolder(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	if _, err := OpenFolder(dir, There); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is not there: %v", err)
	}
	f, err := OpenFolder(dir, Made)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := OpenFolder(dir, New); !errors.Is(err, fs.ErrExist) {
		t.Errorf("it is there: %v", err)
	}
	for _, text := range []string{"one", "two"} {
		if err := Put(f, "file", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if b, err := fs.ReadFile(f.FS(), "file"); err != nil || string(b) != text {
			t.Errorf("%q %v", b, err)
		}
	}
	if _, err := f.Create("file", 0o644); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	if _, err := f.Create("../file", 0o644); err == nil {
		t.Error("a file outside")
	}
	if err := errors.Join(f.Mkdir("d", 0o700), f.Chmod("d", 0o755), f.Rename("file", "d/file"), f.Sync("d"), f.Sync("d/file")); err != nil {
		t.Error(err)
	}
	unlock, err := f.Lock("lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lock("lock"); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	if err := f.Remove("d"); err != nil {
		t.Error(err)
	}
	if _, err := f.Lstat("d"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

// TestOpenNew: nothing is written over another file, and what was begun is taken back.
func TestOpenNew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	f, err := OpenNew(name, Private)
	if err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if f, err = OpenNew(name, Private); err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("secret"))
	if err := errors.Join(err, f.Commit()); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if i, err := os.Stat(name); err != nil || i.Mode().Perm() != 0o600 || i.Size() != 6 {
		t.Errorf("%v %v", i, err)
	}
	if _, err := OpenNew(name, Private); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
}
