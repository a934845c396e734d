package policy

import (
	"fmt"
	"strings"
)

// Lint lists what the user's rules lack of what built-in ones are held to.
func (t *TestReport) Lint(rules []Rule) []string {
	var faults []string
	for i := range rules {
		r := &rules[i]
		if missing := t.Untested(r); len(missing) > 0 {
			faults = append(faults, fmt.Sprintf("%s: %s has no test that begins with %s", r.File, r.ID, strings.Join(missing, ", ")))
		}
	}
	for _, place := range t.Uncovered {
		if Users(place) {
			faults = append(faults, place+": no test reaches this line")
		}
	}
	return faults
}

// Failing lists the user's tests that fail.
func (t *TestReport) Failing() []string {
	var faults []string
	for _, r := range t.Results {
		if Users(r.File) && !r.Pass {
			faults = append(faults, fmt.Sprintf("%s.%s: %s", r.Package, r.Name, r.Problem))
		}
	}
	return faults
}
