package tpm

import (
	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/eventlog"
)

// Status of a check, and Check itself, are those of every verifier of evidence.
type (
	Status = check.Status
	Check  = check.Check
)

const (
	Pass    = check.Pass
	Fail    = check.Fail
	Unknown = check.Unknown
)

// Result is what the evidence proves, check by check.
type Result struct {
	Checks check.List `json:"checks"`
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
func (r *Result) Status() Status { return r.Checks.Status() }

// Check is the check of a name, nil for none.
func (r *Result) Check(name string) *Check { return r.Checks.Find(name) }
