package state

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestPlaces: what somebody named is remembered once, whatever is in its name, and by a
// file that is safe from others.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	if list, err := d.Places(); err != nil || list != nil {
		t.Errorf("%q %v", list, err)
	}
	named := []string{"https://example.org/a", "/srv/a folder", "/srv/line\nhttps://evil.example/", "https://example.org/a"}
	for _, place := range named {
		if err := Remember(dir, place); err != nil {
			t.Fatal(err)
		}
	}
	list, err := d.Places()
	if err != nil || len(list) != 3 {
		t.Fatalf("%q %v", list, err)
	}
	for _, place := range named {
		if !Named(list, place) {
			t.Errorf("%q is not remembered", place)
		}
	}
	for _, place := range []string{"https://evil.example/", "https://example.org/", "/srv/a", "folder", ""} {
		if Named(list, place) {
			t.Errorf("%q was never named", place)
		}
	}
	if err := os.Chmod(filepath.Join(dir, PlacesName), 0o666); err != nil {
		t.Fatal(err)
	}
	if list, err := d.Places(); !errors.Is(err, ErrPermissions) {
		t.Errorf("%q %v", list, err)
	}
}
