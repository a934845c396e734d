package report

import (
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

func TestIdentify(t *testing.T) {
	const card = "0000:01:00.0"
	f := func(id string, status finding.Status, means finding.Identity) finding.Finding {
		return finding.Finding{ID: id, Device: card, Status: status, Identity: means}
	}
	pass, fail, unknown := finding.Pass, finding.Fail, finding.Unknown
	tests := []struct {
		name     string
		findings []finding.Finding
		verdict  IdentityVerdict
		reasons  []string
	}{
		{"nobody asked", nil, CannotTell, []string{}},
		{"other questions only", []finding.Finding{f("A", fail, "")}, CannotTell, []string{}},
		{"another card's", []finding.Finding{{ID: "A", Device: "0000:02:00.0", Status: fail, Identity: finding.Modified}}, CannotTell, []string{}},
		{"content", []finding.Finding{f("A", pass, finding.Modified), f("B", finding.NotApplicable, finding.Counterfeit), f("C", fail, "")}, Genuine, []string{}},
		{"facts missing", []finding.Finding{f("A", pass, finding.Modified), f("B", unknown, finding.Counterfeit)}, CannotTell, []string{"B"}},
		{"a rule that said something else", []finding.Finding{f("A", "", finding.Modified)}, CannotTell, []string{"A"}},
		{"unknown card", []finding.Finding{f("B", fail, finding.Unidentified), f("A", unknown, finding.Modified)}, CannotTell, []string{"A", "B"}},
		{"modified, facts missing", []finding.Finding{f("A", fail, finding.Modified), f("B", unknown, finding.Counterfeit)}, Modified, []string{"A"}},
		{"modified and waived", []finding.Finding{f("A", finding.Waived, finding.Modified)}, Modified, []string{"A"}},
		{"unknown and waived", []finding.Finding{{ID: "A", Device: card, Status: finding.Waived, Identity: finding.Modified, Waiver: &finding.Waiver{Status: unknown}}}, CannotTell, []string{"A"}},
		{"disabled", []finding.Finding{{ID: "A", Device: card, Status: finding.Disabled, Identity: finding.Modified, Changed: &finding.Change{Status: fail}}}, Modified, []string{"A"}},
		{"counterfeit and modified", []finding.Finding{f("B", fail, finding.Modified), f("A", fail, finding.Counterfeit)}, CounterfeitSigns, []string{"A", "B"}},
	}
	for _, tt := range tests {
		got := identify(card, tt.findings)
		if got.Verdict != tt.verdict || !slices.Equal(got.Reasons, tt.reasons) {
			t.Errorf("%s: %+v, want %s %v", tt.name, got, tt.verdict, tt.reasons)
		}
	}
}
