// Package check says what the steps of a verification found. Verifiers of evidence
// list all their steps, always in the same order: one that could not be taken is
// unknown, and unknown is no pass.
package check

// Status of a check. Only Pass is good news.
type Status string

const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Unknown Status = "unknown" // the evidence or the policy lacks what it takes
)

// NotReached is the code of a check whose predecessor did not pass.
const NotReached = "not-reached"

// Check is one step of a verification.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Code is a stable reason, "" for a pass.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Offset of the fault in the structure or log that the check reads, bytes.
	Offset *int `json:"offset,omitempty"`
}

// List is the checks of a verification, in their order.
type List []Check

// Status is that of the worst check; a list without checks is unknown.
func (l List) Status() Status {
	status := Unknown
	for i, c := range l {
		switch {
		case c.Status == Fail:
			return Fail
		case c.Status == Unknown:
			status = Unknown
		case i == 0:
			status = Pass
		}
	}
	return status
}

// Find is the check of a name, nil for none.
func (l List) Find(name string) *Check {
	for i := range l {
		if l[i].Name == name {
			return &l[i]
		}
	}
	return nil
}
