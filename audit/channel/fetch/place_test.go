package fetch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
	"github.com/gpuaudit/gpuaudit/audit/channel/fetch"
	"github.com/gpuaudit/gpuaudit/audit/fault"
)

func TestPlace(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.WriteFile("archive.tar.gz", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{"https://example.org/x": "https://example.org/x", ".": dir} {
		if got, err := fetch.Place(from); err != nil || got != want {
			t.Errorf("%s: %q %v", from, got, err)
		}
	}
	for from, want := range map[string]string{"none": "no such file", "archive.tar.gz": "an archive is taken in with channel import"} {
		if got, err := fetch.Place(from); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q %v", from, got, err)
		}
	}
}

// TestOpen: a channel in a folder is the same as over HTTP.
func TestOpen(t *testing.T) {
	v := channeltest.NewVendor(t, 2)
	src, closing, err := fetch.Open(filepath.Join(v.Dir, "public"), "gpuaudit/test")
	if err != nil {
		t.Fatal(err)
	}
	defer closing()
	if got, err := channel.Update(t.Context(), src, channel.Known{Root: v.Root()}, channeltest.Now); err != nil || len(got.Manifests) != 2 {
		t.Errorf("%v", err)
	}
	if _, _, err := fetch.Open("ftp://example.org/", "gpuaudit/test"); err == nil || fault.Of(err) != fault.Usage {
		t.Errorf("no channel is fetched by FTP: %v", err)
	}
	if _, _, err := fetch.Open(filepath.Join(v.Dir, "none"), "gpuaudit/test"); err == nil || fault.Of(err) != fault.Incomplete {
		t.Errorf("a folder that is gone: %v", err)
	}
}
