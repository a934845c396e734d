package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
)

// TestCommands: the client that the suite calls does what the suite's protocol
// says, so that it can be run again.
func TestCommands(t *testing.T) {
	vendor := channeltest.NewVendor(t, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/metadata/", func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/metadata/", http.FileServerFS(vendor.FS())).ServeHTTP(w, r)
	})
	mux.HandleFunc("/targets/", func(w http.ResponseWriter, r *http.Request) { http.FileServerFS(vendor.FS()).ServeHTTP(w, r) })
	server := httptest.NewServer(mux)
	defer server.Close()
	dir, targets := t.TempDir(), t.TempDir()
	root := filepath.Join(t.TempDir(), "root.json")
	if err := os.WriteFile(root, vendor.Root(), 0o644); err != nil {
		t.Fatal(err)
	}
	call := func(now time.Time, args ...string) error {
		args = append([]string{"-now", now.Format(time.RFC3339), "--metadata-dir", dir, "--metadata-url", server.URL + "/metadata/"}, args...)
		return run(context.Background(), args, io.Discard)
	}
	version := func(role string) int64 {
		b, err := os.ReadFile(filepath.Join(dir, role+".json"))
		if err != nil {
			t.Fatal(err)
		}
		return versionOf(b)
	}
	download := []string{"--target-name", "manifests/card-0.sigstore.json", "--target-dir", targets, "--target-base-url", server.URL + "/targets/", "download"}
	for _, args := range [][]string{{"init", root}, {"refresh"}, download, download} {
		if err := call(channeltest.Now, args...); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	if files, err := os.ReadDir(targets); err != nil || len(files) != 1 || version("timestamp") != 2 {
		t.Errorf("%v, %v, timestamp %d", files, err, version("timestamp"))
	}
	download[1] = "other.txt"
	if call(channeltest.Now, download...) == nil {
		t.Error("a target that is no manifest was downloaded")
	}
	// What a refused update has verified is shown, too.
	vendor.Publish(1)
	mux.HandleFunc("/metadata/3.targets.json", http.NotFound)
	if err := call(channeltest.Now, "refresh"); err == nil || version("timestamp") != 3 || version("snapshot") != 3 || version("targets") != 2 {
		t.Errorf("%v: timestamp %d, snapshot %d, targets %d", err, version("timestamp"), version("snapshot"), version("targets"))
	}
	if call(channeltest.Now, "rm") == nil {
		t.Error("an unknown command was run")
	}
}
