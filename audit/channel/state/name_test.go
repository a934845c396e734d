package state

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
)

// TestNameFrom: a channel goes by its host or folder, one that is kept by the place that is
// remembered, and no other channel gets its name.
func TestNameFrom(t *testing.T) {
	v, d := channeltest.NewVendor(t, 1), open(t, t.TempDir())
	mustUpdate(t, d, request(v)) // as "vendor"
	for from, want := range map[string]string{
		v.Dir: "vendor", "https://GPUs.example.org:8443/channel/": "gpus.example.org", "/srv/Fleet": "fleet", "/srv/fleet/public": "fleet",
	} {
		if got, err := d.NameFrom(from); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", from, got, err, want)
		}
	}
	for from, want := range map[string]string{"/srv/vendor": "a channel vendor is kept already", "https://vendor/x": "a channel vendor is kept already", "/srv/a b": "cannot be the name"} {
		if got, err := d.NameFrom(from); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", from, got, err)
		}
	}
}

func TestNameOfArchive(t *testing.T) {
	v, d := channeltest.NewVendor(t, 1), open(t, t.TempDir())
	if _, err := d.NameOfArchive("x.tar.gz", false); err == nil || !strings.Contains(err.Error(), "with --root") {
		t.Errorf("none is kept: %v", err)
	}
	if got, err := d.NameOfArchive("/m/Vendor.tar.gz", true); err != nil || got != "vendor" {
		t.Errorf("%q %v", got, err)
	}
	mustUpdate(t, d, request(v))
	if got, err := d.NameOfArchive("other.tgz", false); err != nil || got != "vendor" {
		t.Errorf("the only one: %q %v", got, err)
	}
	if _, err := d.NameOfArchive("vendor.tgz", true); err == nil || !strings.Contains(err.Error(), "kept already") {
		t.Errorf("another channel under its name: %v", err)
	}
}

func TestDefaultDir(t *testing.T) {
	for _, c := range []struct {
		uid        int
		data, home string
		want       string
	}{
		{0, "/data", "/home/u", System}, {1, "/data", "/home/u", "/data/gpuaudit"}, {1, "data", "/home/u", "/home/u/.local/share/gpuaudit"}, {1, "", "", ""}, {1, "", "home", ""},
	} {
		got, err := DefaultDir(c.uid, func(name string) string { return map[string]string{"XDG_DATA_HOME": c.data, "HOME": c.home}[name] })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %q %v", c, got, err)
		}
	}
}
