package baseline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// Acceptance is a failure, or a check that could not be decided, that somebody takes upon
// himself, and why.
type Acceptance struct{ ID, Reason string }

// ParseAcceptance reads ID=REASON.
func ParseAcceptance(s string) (Acceptance, error) {
	id, reason, ok := strings.Cut(s, "=")
	reason = strings.TrimSpace(reason)
	if !ok || id == "" || len(reason) < minReason {
		return Acceptance{}, fmt.Errorf("%.60q: use ID=REASON, with a reason of at least %d characters, such as GA-BD-033=\"the fix is tested and rolls out on Monday\"", s, minReason)
	}
	return Acceptance{ID: strings.ToUpper(id), Reason: reason}, nil
}

// minReason is what a waiver file takes.
const minReason = 10

// ErrStanding says that a grave failure stands and that nobody accepted it.
var ErrStanding = errors.New("no baseline is made of a machine on which a grave check fails")

// Standing is a failure that stands against a machine.
type Standing struct {
	Machine string
	finding.Finding
}

// Standings are the failures of high severity and above that stand, and that neither an
// acceptance nor a waiver that the folder holds covers.
func (f *Folder) Standings(machines []Machine, t Terms) []Standing {
	var list []Standing
	for _, m := range machines {
		for _, x := range m.Report.Findings {
			grave := x.Status == finding.Fail && x.Severity.AtLeast(finding.High)
			taken := slices.ContainsFunc(t.Accept, func(a Acceptance) bool { return a.ID == x.ID }) ||
				slices.ContainsFunc(f.counting(t), func(e waive.Entry) bool {
					return e.Finding == x.ID && e.Scope.Fingerprint == x.Fingerprint && !e.UnknownOnly
				})
			if grave && !taken {
				list = append(list, Standing{Machine: m.Name, Finding: x})
			}
		}
	}
	return list
}

// counting are the waivers of the folder that have not expired.
func (f *Folder) counting(t Terms) []waive.Entry {
	if f.waivers == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.waivers.Waivers), func(e waive.Entry) bool { return e.Expires < t.Now.UTC().Format(time.RFC3339) })
}

// accepting is the acceptances as a waiver file keeps them, each for one finding on one
// card as it is now; earlier ones that still count stay. It is nil where nothing is
// accepted. An acceptance of what neither fails nor lacks its facts is an error: whoever
// gives it believes something else than what is so.
func (f *Folder) accepting(machines []Machine, signer string, t Terms) ([]byte, error) {
	file := waive.File{Version: 1, Waivers: f.counting(t)}
	for _, a := range t.Accept {
		found := false
		for _, m := range machines {
			for _, x := range m.Report.Findings {
				if x.ID != a.ID || x.Status != finding.Fail && x.Status != finding.Unknown {
					continue
				}
				found = true
				if !slices.ContainsFunc(file.Waivers, func(e waive.Entry) bool { return covers(&e, &x) }) {
					file.Waivers = append(file.Waivers, entry(a, &x, signer, t))
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("--accept %s: this check neither fails nor lacks its facts here: there is nothing to accept", a.ID)
		}
	}
	if len(file.Waivers) == 0 {
		return nil, nil
	}
	text, err := yamlOf(file)
	if err != nil {
		return nil, err
	}
	_, err = waive.Parse(text)
	return text, err
}

// covers says that a waiver is of this finding, and of its status.
func covers(e *waive.Entry, x *finding.Finding) bool {
	return e.Finding == x.ID && e.Scope.Fingerprint == x.Fingerprint && e.UnknownOnly == (x.Status == finding.Unknown)
}

// entry is the waiver of a finding. Where its facts are lacking, it is accepted that they
// are: once they are there, they decide.
func entry(a Acceptance, f *finding.Finding, signer string, t Terms) waive.Entry {
	day := func(at time.Time) string { return at.UTC().Format(time.RFC3339) }
	return waive.Entry{Finding: a.ID, UnknownOnly: f.Status == finding.Unknown, Scope: waive.Scope{Fingerprint: f.Fingerprint}, Reason: a.Reason, Owner: "whoever made the baseline", Approver: signer,
		Issued: day(t.Now), Expires: day(t.Now.AddDate(0, 0, min(t.Days, waive.Days)))}
}
