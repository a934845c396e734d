package baseline_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

const shared = "../../../shared/"

// ends are how a baseline of a recorded host may end.
type end string

const (
	passes    end = "passes"          // the next scan passes
	open      end = "says what lacks" // it does not, and each check that keeps it is named
	standing  end = "refused"         // a grave check fails
	unread    end = "not read whole"  // the recording has no list of PCI devices
	nothing   end = "nothing to state"
	questions end = "questions" // cards of one model differ
)

// recordedHosts are all recordings at hand, and what a baseline of each must end in. None
// of them holds what an honest machine shows root: most are PCI facts or a recording of one
// program, so that none passes, and each says why. Hosts that are whole pass: TestPacks.
var recordedHosts = []struct {
	glob string
	most end
	but  map[string]end
}{
	{"cases/machines/*.tar.gz", open, map[string]end{
		"m007": nothing, "m009": nothing, "m021": nothing, "m039": nothing, "m055": nothing, "m057": nothing, "m061": nothing,
		"m063": nothing, // no ids of any of its cards
	}},
	{"snapshots/*.tar.gz", open, map[string]end{"linux-amd64-offlineCPUs": unread}},
	{"cases/hosts/*.tar.gz", open, map[string]end{
		"s01-4090-48g-smi": standing, "s02-4090-48g-bar64-no-witness": standing, "s04-3070m-desktop": standing, "s05-3070m-laptop": standing,
		"s08-fpga-behind-plx": standing, "s12-host-taint-only": standing, "s18-gb10": standing, "s19-vgpu-a100": standing,
		"s22-driver-name-vs-id": standing, "s25-honest-hgx-switch": standing,
	}},
}

// TestRecordedHosts makes a baseline of each recording at hand, and holds the recording to
// it: the scan passes, or each check that keeps it from passing is named with what it lacks.
func TestRecordedHosts(t *testing.T) {
	if _, err := os.Stat(shared + "cases"); err != nil {
		t.Skipf("no recordings of others are at hand: %v", err)
	}
	audited, err := audit.New(t.Context(), inputs(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range recordedHosts {
		files, err := filepath.Glob(shared + kind.glob)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", kind.glob, len(files), err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".tar.gz")
			want, other := kind.but[name]
			if !other {
				want = kind.most
			}
			if got := recordedEnd(t, audited, file); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// recordedEnd makes a baseline of a recording, as the command does, and says how it ended.
func recordedEnd(t *testing.T, audited *audit.Audit, file string) end {
	t.Helper()
	m, err := machine.Open(t.Context(), machine.Source{Capture: file}, machine.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, err := audited.Run(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(r.Problems, report.Problem.Decides) {
		return unread
	}
	machines, terms := []baseline.Machine{{Name: filepath.Base(file), Report: r}}, baseline.Terms{Now: clock, Days: 365}
	folder, err := baseline.Open(t.TempDir(), clock)
	if err != nil {
		t.Fatal(err)
	}
	s, err := baseline.State(machines, nil, terms)
	switch {
	case err != nil && (errors.Is(err, baseline.ErrNoCards) || strings.Contains(err.Error(), "nothing can be stated")):
		return nothing
	case err != nil:
		t.Fatal(err)
	case len(s.Questions) > 0:
		return questions
	case len(folder.Standings(machines, terms)) > 0:
		return standing
	}
	tried, err := only(baseline.Try(t.Context(), inputs(t, ""), made(t, machines, terms), machines))
	if err != nil {
		t.Fatal(err)
	}
	if tried.Verdict.ExitCode == report.ExitPassed {
		return passes
	}
	allNamed(t, file, tried)
	return open
}

// allNamed holds that every finding that decides is named by an obstacle, with what it
// lacks.
func allNamed(t *testing.T, file string, r *report.Report) {
	t.Helper()
	named := map[string]bool{}
	for _, o := range r.Obstacles() {
		if len(o.What) == 0 || slices.Contains(o.What, "") {
			t.Errorf("%s: it is not said what %v lack", file, o.IDs)
		}
		for _, device := range o.Devices {
			for _, id := range o.IDs {
				named[device+" "+id] = true
			}
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if r.Decides(f) != named[f.Device+" "+f.ID] && (f.Status == finding.Unknown || f.Status == finding.Fail) {
			t.Errorf("%s: %s %s decides: %v, named: %v", file, f.Device, f.ID, r.Decides(f), named[f.Device+" "+f.ID])
		}
	}
}
