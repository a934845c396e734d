package flock

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	open := func(flag int) *os.File {
		f, err := os.OpenFile(name, flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	one := open(os.O_CREATE | os.O_RDWR)
	if err := Lock(one); err != nil {
		t.Fatal(err)
	}
	two := open(os.O_RDONLY)
	defer two.Close()
	if err := Lock(two); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("locked twice: %v", err)
	}
	one.Close()
	if err := Lock(two); err != nil {
		t.Errorf("after the first was closed: %v", err)
	}
	if !StillThere(name, two) {
		t.Error("the file is not there")
	}
	if err := os.Remove(name); err != nil || StillThere(name, two) {
		t.Errorf("the file is there after it was removed: %v", err)
	}
	defer open(os.O_CREATE | os.O_RDWR).Close()
	if StillThere(name, two) {
		t.Error("another file of the name is taken for it")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), name); err != nil || StillThere(name, two) {
		t.Errorf("a link is taken for it: %v", err)
	}
}
