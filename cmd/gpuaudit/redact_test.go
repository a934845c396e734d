package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// runPlain runs the program without confinement and returns what it printed.
func runPlain(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
	code = a.main(t.Context(), args)
	return code, o.String(), e.String()
}

const redactionDay = "2026-11-24T00:00:00Z"

// scanOf is the report of a scan of a host, or of a redacted capture of it.
func scanOf(t *testing.T, dir string, redact bool, more ...string) *report.Report {
	t.Helper()
	source := []string{"--root", dir}
	if redact {
		file := filepath.Join(t.TempDir(), "c.tar.gz")
		args := append([]string{"capture", "--quiet", "--root", dir, "--now", redactionDay, "--redact", "--output", file}, more...)
		if code, _, errs := runPlain(t, args...); code != 0 {
			t.Fatalf("capture exits with %d: %s", code, errs)
		}
		source, more = []string{"--capture", file}, nil
	}
	_, out, errs := runPlain(t, append(append([]string{"scan", "--now", redactionDay, "-o", "json"}, source...), more...)...)
	var r report.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, errs)
	}
	return &r
}

// redactedJudgements are the statuses of all findings.
func redactedJudgements(r *report.Report) map[string]string {
	m := map[string]string{}
	for _, f := range r.Findings {
		m[fmt.Sprint(f.ID, " ", f.Device)] = string(f.Status)
	}
	return m
}

// namedHosts are all synthetic hosts.
var namedHosts = []string{"empty", "good", "eight", "doubled-memory", "larger-memory", "bad-checksum", "garbage-rom", "other-rom", "network-function",
	"capability-loop", "changed-module", "nvidia", "header-only", "worn", "firmware", "rpm", "pacman", "apk", "no-packages", "kernel-marks", "nvidia-marks", "iommu-off"}

// TestRedactionKeepsVerdicts: a redacted capture is judged as its host is.
func TestRedactionKeepsVerdicts(t *testing.T) {
	for _, name := range namedHosts {
		t.Run(name, func(t *testing.T) {
			h, err := hosttest.Named(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := h.WriteTo(dir); err != nil {
				t.Fatal(err)
			}
			plain, clean := redactedJudgements(scanOf(t, dir, false)), redactedJudgements(scanOf(t, dir, true))
			var differ []string
			for id, was := range plain {
				if is := clean[id]; is != was {
					differ = append(differ, fmt.Sprintf("%s: %s, %s", id, was, is))
				}
			}
			slices.Sort(differ)
			if len(differ) > 0 {
				t.Errorf("redaction changes %q", differ)
			}
			if len(clean) != len(plain) {
				t.Errorf("%d findings, %d without redaction", len(clean), len(plain))
			}
		})
	}
}

// TestEveryPathHasARow: of all that collectors read of any host, the table says what
// becomes of it; and what has no row is left out.
func TestEveryPathHasARow(t *testing.T) {
	hosts := map[string]*hosttest.Host{"full": fullHost()}
	for _, name := range namedHosts {
		h, err := hosttest.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		hosts[name] = h
	}
	seen := 0
	for name, h := range hosts {
		for _, key := range pathsRead(t, h) {
			seen++
			// The folder that a parameter of the kernel names may have any name.
			if _, listed := capture.Kept(key); !listed && key != "opt/fw" {
				t.Errorf("%s: a collector reads %s, which has no row in the table of redaction (audit/capture/redact_table.go)", name, key)
			}
		}
	}
	if seen < 500 {
		t.Errorf("%d paths were read: the test sees too little", seen)
	}
	h := fullHost().File("etc/alice.conf", "alice")
	r := capture.NewRecorder(h.Env())
	if _, err := fs.ReadFile(r.Env().FS, "etc/alice.conf"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Write(&out, capture.Options{Redact: true}); err != nil {
		t.Fatal(err)
	}
	archive, err := capture.Open("c", &out, capture.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(archive.Env(time.Time{}).FS, "etc/alice.conf"); err == nil {
		t.Errorf("a path without a row is kept: %q", b)
	}
}

// pathsRead are the files, folders and failures of a capture that is not redacted.
func pathsRead(t *testing.T, h *hosttest.Host) []string {
	t.Helper()
	c := catalogue.Load()
	r := capture.NewRecorder(h.Env())
	if _, err := collect.Run(t.Context(), r.Env(), machine.Enumerator(c), machine.Collectors()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Write(&out, capture.Options{}); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for archive := tar.NewReader(z); ; {
		e, err := archive.Next()
		if err == io.EOF {
			return paths
		}
		if err != nil {
			t.Fatal(err)
		}
		key, below := strings.CutPrefix(e.Name, "root/")
		switch {
		case below && e.Typeflag == tar.TypeReg:
			paths = append(paths, key)
		case e.Name == "index.json":
			var index struct {
				Failures []struct{ Path string }
				Listings map[string]any
			}
			if err := json.NewDecoder(archive).Decode(&index); err != nil {
				t.Fatal(err)
			}
			for _, f := range index.Failures {
				paths = append(paths, f.Path)
			}
			paths = slices.AppendSeq(paths, maps.Keys(index.Listings))
		}
	}
}

// TestScanSaysWhatRedactionCost: an answer that is missing because of redaction has
// that for a reason, in the facts and in the table.
func TestScanSaysWhatRedactionCost(t *testing.T) {
	const card = "sys/devices/pci0000:00/0000:00:01.3/0000:03:00.0/"
	const dbx = "sys/firmware/efi/efivars/dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
	h := hosttest.Good().File(card+"vbios_version", "Alice's own\n").File(card+"mem_info_vram_total", "Alice\n").File(dbx, "\x27\x00\x00\x00"+ownList("alice"))
	dir := t.TempDir()
	if err := h.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	r := scanOf(t, dir, true)
	reasons := map[string]inventory.Reason{}
	for _, g := range slices.Concat(r.Inventory.Host.Gaps, r.Inventory.Devices[0].Gaps) {
		reasons[g.Fact] = g.Reason
	}
	for _, fact := range []string{"/firmware/versions", "/memory", "/boot/dbx/entries"} {
		if reasons[fact] != inventory.ReasonRedacted {
			t.Errorf("%s is missing because of %q", fact, reasons[fact])
		}
	}
	if d := r.Inventory.Host.Boot.DBX; d == nil || d.Digests != 0 || d.Unread != 1 {
		t.Errorf("dbx is %+v, want one entry that is not read", d)
	}
	file := filepath.Join(t.TempDir(), "c.tar.gz")
	if code, _, errs := runPlain(t, "capture", "--root", dir, "--redact", "--now", redactionDay, "--output", file); code != 0 {
		t.Fatal(errs)
	}
	_, table, _ := runPlain(t, "scan", "--capture", file, "--now", redactionDay)
	if !strings.Contains(table, "a capture of it made without --redact") {
		t.Errorf("the table does not say what redaction cost:\n%s", table)
	}
}
