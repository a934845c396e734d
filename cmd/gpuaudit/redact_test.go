package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// runPlain runs the program without confinement and returns what it printed.
func runPlain(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true}
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

// judgements are the statuses of all findings.
func judgements(r *report.Report) map[string]string {
	m := map[string]string{}
	for _, f := range r.Findings {
		m[fmt.Sprint(f.ID, " ", f.Device)] = string(f.Status)
	}
	return m
}

// namedHosts are all synthetic hosts.
var namedHosts = []string{"empty", "good", "eight", "doubled-memory", "larger-memory", "bad-checksum", "garbage-rom", "other-rom", "network-function",
	"capability-loop", "changed-module", "nvidia", "header-only", "worn", "firmware", "rpm", "pacman", "apk", "no-packages", "kernel-marks", "nvidia-marks", "iommu-off"}

// redactionCosts are the judgements that a redacted capture does not give as its
// host does: host, finding, what it was, what it is.
var redactionCosts = map[string][]string{}

// TestRedactionKeepsVerdicts: a redacted capture is judged as its host is, but for
// what is listed above.
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
			plain, clean := judgements(scanOf(t, dir, false)), judgements(scanOf(t, dir, true))
			var differ []string
			for id, was := range plain {
				if is := clean[id]; is != was {
					differ = append(differ, fmt.Sprintf("%s: %s, %s", id, was, is))
				}
			}
			slices.Sort(differ)
			if want := redactionCosts[name]; !slices.Equal(differ, want) {
				t.Errorf("redaction changes %q, want %q", differ, want)
			}
			if len(clean) != len(plain) {
				t.Errorf("%d findings, %d without redaction", len(clean), len(plain))
			}
		})
	}
}
