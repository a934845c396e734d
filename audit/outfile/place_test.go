package outfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func TestPlaces(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := errors.Join(os.Mkdir("dir", 0o700), os.Symlink("dir", "link"), os.WriteFile("one", nil, 0o600), os.Link("one", "two"), os.Symlink("one", "three")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"one": dir + "/one", "three": dir + "/one", "link/x": dir + "/dir/x", "./new": dir + "/new",
		"none/x": "", os.DevNull: "",
	} {
		if got := outfile.PlaceOf(name); got != want {
			t.Errorf("%s lies at %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct {
		a, b        string
		file, place bool
	}{
		{"one", "two", true, true}, {"one", "three", true, true}, {"dir/x", "link/x", false, true}, {"new", "./new", false, true},
		{"one", "new", false, false}, {"dir/x", "dir/y", false, false}, {os.DevNull, os.DevNull, true, true}, {"none/x", "none/y", false, false},
	} {
		if outfile.Same(c.a, c.b) != c.file || outfile.SamePlace(c.a, c.b) != c.place {
			t.Errorf("%s and %s: one file %v, one place %v", c.a, c.b, !c.file, !c.place)
		}
	}
	if below, ok := outfile.Below("link", dir+"/dir/x/y"); !ok || below != "x/y" {
		t.Errorf("%q %v", below, ok)
	}
	for _, at := range []string{dir + "/dirx", dir + "/x", "/"} {
		if below, ok := outfile.Below("link", at); ok {
			t.Errorf("%s is below: %q", at, below)
		}
	}
}
