package boot_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/fault"
)

// TestBindable: what failed is no ground for a challenge, and a TPM that nobody vouches for
// only where that is meant.
func TestBindable(t *testing.T) {
	of := func(list ...check.Check) *tpm.Result { return &tpm.Result{Checks: list} }
	unvouched := check.Check{Name: tpm.CheckEKCertificate, Status: tpm.Unknown}
	for name, tc := range map[string]struct {
		r    *tpm.Result
		any  bool
		want fault.Kind
		ok   bool
	}{
		"all passed": {of(check.Check{Name: "quote", Status: tpm.Pass}), false, 0, true}, "not bound yet": {of(check.Check{Name: "binding", Status: tpm.Unknown}), false, 0, true},
		"a failure": {of(unvouched, check.Check{Name: "quote", Status: tpm.Fail}), true, fault.Signature, false},
		"unvouched": {of(unvouched), false, fault.Incomplete, false}, "unvouched, and meant": {of(unvouched), true, 0, true},
	} {
		if err := boot.Bindable(tc.r, tc.any); (err == nil) != tc.ok || err != nil && fault.Of(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
