package baseline_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// TestLook: machines by their names and their number of cards; none is taken whose problems
// would make of it less than it is.
func TestLook(t *testing.T) {
	audited, err := audit.New(t.Context(), inputs(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	one, two := built(t, "debian-amd"), built(t, "debian-amd")
	list, expect, err := baseline.Look(t.Context(), audited, []*machine.Machine{one, two}, []string{"one", "two"})
	if err != nil || len(list) != 2 || list[1].Name != "two" || list[0].Report == nil || expect != 1 {
		t.Errorf("%+v, %d cards, %v", list, expect, err)
	}
	two.Problems = append(two.Problems, machine.Problem{Input: "lspci", Cause: "cut short"})
	if list, _, err := baseline.Look(t.Context(), audited, []*machine.Machine{one, two}, []string{"one", "two"}); list != nil || fault.Of(err) != fault.Incomplete {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWords(t *testing.T) {
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	waived := func(id string, status finding.Status) finding.Finding {
		return finding.Finding{ID: id, Status: finding.Waived, Waiver: &finding.Waiver{Reason: "known", Expires: day, Status: status}}
	}
	stands := func(id string) baseline.Standing { return baseline.Standing{Finding: finding.Finding{ID: id}} }
	r := &report.Report{Findings: []finding.Finding{waived("GA-BD-001", finding.Fail), waived("GA-BD-001", finding.Fail), waived("GA-BD-002", finding.Unknown), {ID: "GA-BD-003", Status: finding.Fail}}}
	want := []string{"GA-BD-001 until 2026-11-24: known", "GA-BD-002, as long as its facts are lacking, until 2026-11-24: known"}
	if got := baseline.Accepted([]*report.Report{r, r}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := baseline.IDs([]baseline.Standing{stands("a"), stands("b"), stands("a")}); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
	f := &baseline.Folder{Before: []*manifest.Predicate{{Issued: day.AddDate(0, 1, 0)}, {Issued: day}}}
	if got := f.Since(); got != "2026-11-24" {
		t.Error(got)
	}
	s := baseline.Statement{Predicate: &manifest.Predicate{Firmware: []manifest.Firmware{{Kind: manifest.RuntimeFile}}, Functions: &[]manifest.Function{}, MemoryMiB: []int{1}}}
	if got := strings.Join(s.Aspects(), ", "); got != "run-time firmware, functions, memory" {
		t.Error(got)
	}
}
