package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// scanned is the report of a scan, and its exit code.
func scanned(t *testing.T, args ...string) (*report.Report, int) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
	code := a.main(t.Context(), append([]string{"scan", "-q", "--now", "2026-11-24T00:00:00Z", "-o", "json"}, args...))
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, errs.String())
	}
	return &r, code
}

// TestAGPUCannotHide: what a card may claim, against a kernel that tells the truth,
// and the scan of a capture says what the scan of the machine says.
func TestAGPUCannotHide(t *testing.T) {
	t.Parallel()
	hidden := hosttest.NVIDIACard("0000:02:00.0")
	hidden.Device, hidden.Class = "fff0", "028000"
	unlisted := hosttest.NVIDIACard("0000:01:00.0")
	for name, tc := range map[string]struct {
		host *hosttest.Host
		args []string
		code int
	}{
		"class of a network controller": {hosttest.New().Add(hidden), nil, 1},
		"decoy beside a genuine card":   {hosttest.New().Add(hosttest.NVIDIACard("0000:01:00.0")).Add(hidden), []string{"--expect", "1", "--fail-on", "critical"}, 0},
		"an entry that is no address":   {hosttest.New().Dir("sys/bus/pci/devices/0000:01:00.0A"), nil, 3},
		"missing from the list":         {hosttest.New().Add(unlisted).Remove("sys/bus/pci/devices/0000:01:00.0"), nil, 3},
		"system on chip":                {hosttest.New().Link("sys/bus/platform/drivers/gk20a/17000000.gpu", "sys/devices/platform/17000000.gpu"), nil, 3},
		"at USB":                        {hosttest.New().USB("1-2", "1a6e", "089a"), nil, 3},
		"lent":                          {hosttest.New().File("dev/dxg", ""), nil, 3},
		"no GPU":                        {hosttest.New(), nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := tc.host.WriteTo(dir); err != nil {
				t.Fatal(err)
			}
			r, code := scanned(t, append([]string{"--root", dir}, tc.args...)...)
			if code != tc.code {
				t.Errorf("exit code %d, want %d: %v", code, tc.code, r.Verdict.Reasons)
			}
			if name == "decoy beside a genuine card" && len(r.Devices) != 2 {
				t.Errorf("%d devices", len(r.Devices))
			}
			var out, errs bytes.Buffer
			file := filepath.Join(t.TempDir(), "x.tar.gz")
			a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
			if c := a.main(t.Context(), []string{"capture", "-q", "--root", dir, "--now", "2026-11-24T00:00:00Z", "--output", file}); c != 0 {
				t.Fatalf("capture: %d %s", c, errs.String())
			}
			again, _ := scanned(t, append([]string{"--capture", file}, tc.args...)...)
			if diff := cmp.Diff(r.Inventory, again.Inventory); diff != "" {
				t.Error(diff)
			}
		})
	}
}
