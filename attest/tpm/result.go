package tpm

import "github.com/gpuaudit/gpuaudit/attest/eventlog"

// Status of a check. Only Pass is good news.
type Status string

const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Unknown Status = "unknown" // the evidence or the policy lacks what it takes
)

// Check is one step of the verification. All steps are always listed, in the
// same order.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Code is a stable reason, "" for a pass.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Offset of the fault in the structure or log that the check reads, bytes.
	Offset *int `json:"offset,omitempty"`
}

// Result is what the evidence proves, check by check.
type Result struct {
	Checks []Check `json:"checks"`
	// Clock is what the TPM signed; nil unless the quote verifies.
	Clock *Clock `json:"clock,omitempty"`
	// AKName identifies the attestation key.
	AKName string `json:"ak_name,omitempty"`
	// EKRoots are the roots that the endorsement keys' certificates lead to.
	EKRoots []string `json:"ek_roots,omitempty"`
	// ReportDigest is the digest that the quote covers, "" for none.
	ReportDigest string `json:"report_digest,omitempty"`
	Bank         string `json:"bank,omitempty"`
	// Log is the event log, nil unless its replay equals the quoted PCRs.
	Log *eventlog.Log `json:"-"`
	// Notes are deviations of the log that break no proof.
	Notes []string `json:"notes,omitempty"`
}

// Status is that of the worst check; a result without checks is unknown.
func (r *Result) Status() Status {
	status := Unknown
	for i, c := range r.Checks {
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

// Check is the check of a name, nil for none.
func (r *Result) Check(name string) *Check {
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			return &r.Checks[i]
		}
	}
	return nil
}
