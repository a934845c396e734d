package report

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Restrictions is what the rules on law say of a device, beside those that it
// passes: the ids of the findings by what they mean.
type Restrictions struct {
	// Restricted: a restriction applies. NeedsHuman: facts or law are missing, and
	// the finding says which. DataTooOld: the data are no ground for an answer.
	// Context: nothing is forbidden, and a buyer should know.
	Restricted []string `json:"restricted"`
	NeedsHuman []string `json:"needs_human"`
	DataTooOld []string `json:"data_too_old"`
	Context    []string `json:"context,omitempty"`
}

// restrict sorts the findings on law of a device. It is nil where nobody asked,
// or no rule has anything to say: all passed, or did not apply.
func restrict(address string, findings []finding.Finding) *Restrictions {
	r := Restrictions{Restricted: []string{}, NeedsHuman: []string{}, DataTooOld: []string{}}
	for _, f := range findings {
		if f.Category != finding.ImportRestriction || f.Device != address && f.Device != "host" {
			continue
		}
		switch {
		case f.Device == "host": // rules of the host look at the age of the data alone
			if f.Status == finding.Fail || f.Status == finding.Unknown {
				r.DataTooOld = append(r.DataTooOld, f.ID)
			}
		case f.Status == finding.Fail && f.Severity == finding.Info:
			r.Context = append(r.Context, f.ID)
		case f.Status == finding.Fail:
			r.Restricted = append(r.Restricted, f.ID)
		case f.Status != finding.Unknown:
		case slices.Contains(f.Missing, "/data_sets"):
			r.DataTooOld = append(r.DataTooOld, f.ID)
		default:
			r.NeedsHuman = append(r.NeedsHuman, f.ID)
		}
	}
	if len(r.Restricted)+len(r.NeedsHuman)+len(r.DataTooOld)+len(r.Context) == 0 {
		return nil
	}
	for _, ids := range [][]string{r.Restricted, r.NeedsHuman, r.DataTooOld, r.Context} {
		slices.Sort(ids)
	}
	return &r
}

// asked says that the user asked about law.
func (r *Report) asked() bool {
	q := r.Question
	return q.Jurisdiction != nil || q.Profile != nil || q.Origin != nil || q.Purchase != nil
}

// homely: all that was said is that a private person uses the device, as packs for the
// home do. The rules take it for no question (import_restriction/lib.rego).
func (r *Report) homely() bool {
	q := r.Question
	return q.Profile != nil && *q.Profile == "private" && q.Jurisdiction == nil && q.Origin == nil && q.Purchase == nil
}

// text is the answer for a person: what is restricted first.
func (r *Restrictions) text() message.Said {
	var parts []message.Said
	for _, p := range []struct {
		what string
		ids  []string
	}{{"law.restricted", r.Restricted}, {"law.needs_human", r.NeedsHuman}, {"law.data_too_old", r.DataTooOld}, {"law.context", r.Context}} {
		if len(p.ids) > 0 {
			parts = append(parts, message.Say(p.what, message.Params{"ids": p.ids}))
		}
	}
	return message.Say("law", message.Params{"parts": parts})
}
