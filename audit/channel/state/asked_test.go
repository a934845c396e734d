package state

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
)

// TestAsked: only places that somebody named are asked, and of the others it is said which
// they are. A file of places that cannot be believed names none.
func TestAsked(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	one, two := channeltest.NewVendor(t, 1), channeltest.NewVendor(t, 1)
	for name, v := range map[string]*channeltest.Vendor{"one": one, "two": two} {
		req := request(v)
		req.Name = name
		mustUpdate(t, d, req)
	}
	archived := request(two)
	archived.Name, archived.From = "archived", ""
	mustUpdate(t, d, archived)
	if err := Remember(dir, one.Dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Asked{
		"": {Places: []string{one.Dir}, Unnamed: map[string]string{"two": two.Dir}}, "one": {Places: []string{one.Dir}}, "two": {Unnamed: map[string]string{"two": two.Dir}}, "archived": {}, "none": {},
	} {
		got, err := d.Asked(name)
		if err != nil || !slices.Equal(got.Places, want.Places) || !maps.Equal(got.Unnamed, want.Unnamed) || got.Unread != nil {
			t.Errorf("%q: %+v %v", name, got, err)
		}
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, PlacesName)), os.Symlink("/etc/hostname", filepath.Join(dir, PlacesName))); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Asked("one"); err != nil || got.Unread == nil || len(got.Places) > 0 {
		t.Errorf("%+v %v", got, err)
	}
}
