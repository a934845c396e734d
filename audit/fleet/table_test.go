package fleet_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// TestTable: a line for each input, what decides below it, the first of many, and how many
// there are of each verdict where there are several.
func TestTable(t *testing.T) {
	var b bytes.Buffer
	table := fleet.NewTable(&b)
	failed := &fleet.Line{Input: "a\x1b.json", Status: report.Failed, ExitCode: 1, Reasons: []string{"two cards"}, Titles: map[string]string{"GA-BD-001": "Title"},
		Devices: []fleet.Card{{Address: "0000:01:00.0", Name: "card", Rules: fleet.Rules{Failed: []string{"GA-BD-001", "GA-BD-001", "GA-BD-002", "GA-BD-003", "GA-BD-004"}}}}, Host: fleet.Rules{Unknown: []string{"GA-BD-005"}}}
	if err := table.Add(failed); err != nil {
		t.Fatal(err)
	}
	if err := table.End(); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{".json  ", "(exit code 1): two cards\n", "  0000:01:00.0 card  failed: GA-BD-001 Title; GA-BD-002; GA-BD-003; and 1 more\n", "  host  not known: GA-BD-005\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.ContainsRune(text, '\x1b') || strings.Contains(text, "inputs:") {
		t.Errorf("%q", text)
	}
	if err := table.Add(&fleet.Line{Input: "b.json", Status: report.Passed}); err != nil {
		t.Fatal(err)
	}
	if err := table.Add(&fleet.Line{Input: "c.json", Status: report.Passed}); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if err := table.End(); err != nil || !strings.HasPrefix(b.String(), "3 inputs: 1 ") || !strings.Contains(b.String(), ", 2 ") {
		t.Errorf("%q %v", b.String(), err)
	}
}
