package rules_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// TestNoKnownSizeWeighsTheSame: of a card whose sizes are listed and of one whose
// are not, with nothing else to be read, the same rules of high severity are open. But
// for GA-PR-014, which asks about published cases and has none of the other card.
func TestNoKnownSizeWeighsTheSame(t *testing.T) {
	e := load(t)
	open := func(device string) map[string]bool {
		ids := map[string]bool{}
		h := hosttest.New().Add(hosttest.Card{Address: "0000:01:00.0", Vendor: "10de", Device: device})
		for _, f := range audited(t, e, machine{name: device, env: h.Env()})["0000:01:00.0"].findings {
			if f.Category != finding.ImportRestriction && f.Severity.AtLeast(finding.High) && (f.Status == finding.Fail || f.Status == finding.Unknown) {
				ids[f.ID] = true
			}
		}
		return ids
	}
	listed, unlisted := open("2684"), open("2504") // RTX 4090, RTX 3060
	for id := range listed {
		if !unlisted[id] && id != "GA-PR-014" {
			t.Errorf("%s stands open for the card with a known size alone", id)
		}
	}
}
