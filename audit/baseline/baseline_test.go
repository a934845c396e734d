package baseline_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// made are the files of a baseline of machines.
func made(t *testing.T, machines []baseline.Machine, terms baseline.Terms) baseline.Files {
	t.Helper()
	_, key, err := seal.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := baseline.State(machines, nil, terms)
	if err != nil || len(s.Questions) > 0 {
		t.Fatalf("%v, %d questions", err, len(s.Questions))
	}
	folder, err := baseline.Open(t.TempDir(), terms.Now)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	sign := func(ctx context.Context, statement []byte) ([]byte, error) { return seal.Sign(ctx, statement, key) }
	files, err := folder.Compose(t.Context(), s, machines, baseline.Signer{Name: "ours", Public: public, Sign: sign}, terms, baseline.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// only is the report of the one machine that was tried.
func only(tried []*report.Report, err error) (*report.Report, error) {
	if err != nil || len(tried) != 1 {
		return nil, cmp.Or(err, fmt.Errorf("%d reports of one machine", len(tried)))
	}
	return tried[0], nil
}

// judged is a host and what a scan without a baseline says of it.
func judged(t *testing.T, host string) baseline.Machine {
	t.Helper()
	audited, err := audit.New(t.Context(), inputs(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	r, err := audited.Run(t.Context(), built(t, host))
	if err != nil {
		t.Fatal(err)
	}
	return baseline.Machine{Name: host, Report: r}
}

// TestFolder: what is written is read again, and is refused where somebody changed it.
func TestFolder(t *testing.T) {
	m, terms, dir := judged(t, "debian-amd"), baseline.Terms{Now: clock, Days: 30}, t.TempDir()
	files := made(t, []baseline.Machine{m}, terms)
	if err := baseline.Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if err := baseline.Write(dir, files); err != nil {
		t.Fatal(err)
	}
	f, err := baseline.Open(dir, clock)
	if err != nil || len(f.Before) != 1 || len(f.Signers) != 1 || f.Signers[0] != "ours" {
		t.Fatalf("%v, %+v", err, f)
	}
	changes, _, err := baseline.Changes([]baseline.Machine{m}, f.Before, terms)
	if err != nil || len(changes) > 0 {
		t.Errorf("%v, %+v", err, changes)
	}
	if _, err := baseline.Open(dir, clock.AddDate(0, 0, 31)); err == nil {
		t.Error("an expired baseline is built on")
	}
	for name, text := range files {
		if strings.HasPrefix(name, baseline.Manifests) {
			files[name] = []byte(strings.Replace(string(text), `"payload":"`, `"payload":"A`, 1))
		}
	}
	if err := baseline.Write(dir, files); err != nil {
		t.Fatal(err)
	}
	if _, err := baseline.Open(dir, clock); err == nil {
		t.Error("a manifest that does not verify is built on")
	}
}

// TestAcceptance: a failure stands until somebody takes it upon himself, and an
// acceptance is of the finding that there was.
func TestAcceptance(t *testing.T) {
	m, terms := judged(t, "bad-checksum"), baseline.Terms{Now: clock, Days: 30}
	f, err := baseline.Open(t.TempDir(), clock)
	if err != nil {
		t.Fatal(err)
	}
	standing := f.Standings([]baseline.Machine{m}, terms)
	if len(standing) != 1 || standing[0].ID != "GA-BD-004" {
		t.Fatalf("%+v", standing)
	}
	terms.Accept = []baseline.Acceptance{{ID: "GA-BD-004", Reason: "flashed by ourselves"}}
	if left := f.Standings([]baseline.Machine{m}, terms); len(left) > 0 {
		t.Errorf("%+v", left)
	}
	files := made(t, []baseline.Machine{m}, terms)
	r, err := only(baseline.Try(t.Context(), inputs(t, ""), files, []baseline.Machine{m}))
	if err != nil || r.Verdict.ExitCode != 0 || r.Verdict.Counts.Waived != 1 {
		t.Errorf("%v, %+v", err, r.Verdict)
	}
}

func TestParseAcceptance(t *testing.T) {
	for text, ok := range map[string]bool{"GA-BD-004=flashed by us": true, "ga-bd-004= flashed by us ": true, "GA-BD-004": false, "GA-BD-004=ok": false, "=flashed by us": false} {
		if a, err := baseline.ParseAcceptance(text); (err == nil) != ok || ok && a.ID != "GA-BD-004" {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
}

// TestDifferences: cards of one model that differ are a question until it is answered.
func TestDifferences(t *testing.T) {
	machines := []baseline.Machine{judged(t, "other-revision"), judged(t, "larger-memory")}
	terms := baseline.Terms{Now: clock, Days: 30}
	s, err := baseline.State(machines, nil, terms)
	if err != nil || len(s.Questions) != 1 || s.Questions[0].Aspect != manifest.AspectMemory || len(s.Statements) != 0 {
		t.Fatalf("%v, %+v", err, s)
	}
	terms.Differing = []manifest.Aspect{manifest.AspectMemory}
	if s, err = baseline.State(machines, nil, terms); err != nil || len(s.Statements) != 1 || len(s.Statements[0].MemoryMiB) != 2 {
		t.Errorf("%v, %+v", err, s)
	}
	terms.Differing, terms.Leave = nil, []manifest.Aspect{manifest.AspectMemory}
	if s, err = baseline.State(machines, nil, terms); err != nil || len(s.Statements) != 1 || len(s.Statements[0].MemoryMiB) != 0 || len(s.Statements[0].Windows) == 0 {
		t.Errorf("%v, %+v", err, s)
	}
	terms.Now, terms.Leave = terms.Now.Add(time.Hour), nil
	again, err := baseline.State(machines, []*manifest.Predicate{s.Statements[0].Predicate}, terms)
	if err != nil || len(again.Questions) != 1 {
		t.Errorf("beside the baseline that states none: %v, %+v", err, again)
	}
}

func TestExposed(t *testing.T) {
	dir := t.TempDir()
	for key, want := range map[string]string{dir + "/baseline.key": "in the folder", dir + "/../other.key": "on the disk", "/proc/self/x.key": ""} {
		if said := baseline.Exposed(dir, key, false); (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%s: %q", key, said)
		}
		said := baseline.Exposed(dir, key, true) // the folder alone goes to other machines
		if stays := want != "in the folder"; stays != (said == "") {
			t.Errorf("%s, of machines elsewhere: %q", key, said)
		}
	}
}

// TestMachinesApart: what one machine says is not heard again of the next, where one
// audit reads several.
func TestMachinesApart(t *testing.T) {
	audited, err := audit.New(t.Context(), inputs(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"debian-amd", "debian-nvidia", "debian-amd"} {
		r, err := audited.Run(t.Context(), built(t, host))
		if err != nil || len(r.Inventory.Devices) != 1 || len(r.Inventory.Devices[0].Memory) != 1 {
			t.Errorf("%s: %v, %+v", host, err, r.Inventory.Devices[0].Memory)
		}
	}
}
