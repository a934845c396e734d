package report

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Identity answers what a card is, apart from how risky it is: from all rules
// that say in their metadata what a failure of theirs means for that question.
type Identity struct {
	Verdict IdentityVerdict `json:"verdict"`
	// Reasons are the ids of the rules behind it: those that failed, or those
	// that could not be decided.
	Reasons []string `json:"reasons,omitempty"`
}

// IdentityVerdict is the answer in one word.
type IdentityVerdict string

const (
	// Genuine: every rule on the question had its facts and was content. It is
	// as far as can be seen: docs/identity.md says what cannot be.
	Genuine IdentityVerdict = "genuine"
	// Modified: a genuine card or its firmware was changed.
	Modified IdentityVerdict = "modified"
	// CounterfeitSigns: the card claims to be another one than it is.
	CounterfeitSigns IdentityVerdict = "counterfeit-signs"
	// CannotTell: facts are missing, or the card is not known at all.
	CannotTell IdentityVerdict = "cannot-tell"
)

// identify concludes from the findings on one device. A waiver accepts a risk;
// it does not change what the card is, so a waived finding, and one that a pack disables,
// counts as what its rule said.
func identify(address string, findings []finding.Finding) Identity {
	failed := map[finding.Identity][]string{}
	var undecided []string
	asked := false
	for _, f := range findings {
		if f.Device != address || f.Identity == "" {
			continue
		}
		asked = true
		switch said(&f) {
		case finding.Fail:
			failed[f.Identity] = append(failed[f.Identity], f.ID)
		case finding.Pass, finding.NotApplicable:
		default:
			undecided = append(undecided, f.ID)
		}
	}
	i := Identity{Verdict: Genuine, Reasons: []string{}}
	switch {
	case len(failed[finding.Counterfeit]) > 0:
		i = Identity{CounterfeitSigns, slices.Concat(failed[finding.Counterfeit], failed[finding.Modified])}
	case len(failed[finding.Modified]) > 0:
		i = Identity{Modified, failed[finding.Modified]}
	case len(undecided) > 0 || len(failed) > 0 || !asked:
		i = Identity{CannotTell, slices.Concat([]string{}, failed[finding.Unidentified], undecided)}
	}
	slices.Sort(i.Reasons)
	return i
}

// text is the verdict for a person.
func (i Identity) text() message.Said {
	ids := message.Params{"ids": i.Reasons}
	switch i.Verdict {
	case Genuine:
		return message.Say("identity.genuine", nil)
	case Modified:
		return message.Say("identity.modified", ids)
	case CounterfeitSigns:
		return message.Say("identity.counterfeit", ids)
	}
	if len(i.Reasons) == 0 {
		return message.Say("identity.no_rule", nil)
	}
	return message.Count(len(i.Reasons), "identity.undecided", ids)
}
