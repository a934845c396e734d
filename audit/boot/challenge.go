package boot

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/fault"
)

// Bindable says why the keys of evidence cannot be bound to a TPM by a challenge; nil where
// all verifies that the challenge is not for. A TPM that no vendor vouches for could be a
// program: it is taken where anyTPM says so.
func Bindable(r *tpm.Result, anyTPM bool) error {
	for _, c := range r.Checks {
		switch {
		case c.Status == tpm.Pass:
		case c.Status == tpm.Fail:
			return fault.AsSignature(fmt.Errorf("%s: %s: %s", c.Name, c.Code, c.Detail))
		case c.Name == tpm.CheckEKCertificate && !anyTPM:
			return fault.AsIncomplete(fmt.Errorf("%s: %s: %s; --ek-chain brings the certificates in between, --unsafe-any-tpm takes any TPM", c.Name, c.Code, c.Detail))
		}
	}
	return nil
}
