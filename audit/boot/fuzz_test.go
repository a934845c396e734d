package boot_test

import (
	"bytes"
	"crypto/x509"
	"os"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// FuzzVerify: any bytes have an answer, and none but the recorded quote is ever
// proof.
func FuzzVerify(f *testing.F) {
	good, err := os.ReadFile("../../attest/tpm/testdata/good.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	recorded, err := tpm.ParseEvidence(good)
	if err != nil {
		f.Fatal(err)
	}
	var roots []*x509.Certificate
	inv := machine(recorded)
	f.Fuzz(func(t *testing.T, evidence []byte) {
		q := boot.Input{Evidence: evidence, Missing: inventory.ReasonNotPresent, Recording: report[:], Collected: now}
		q.Policy = tpm.Policy{Nonce: nonce, Now: now, Roots: roots, Vendors: tpm.VendorRoots(), Enrolled: &tpm.Enrolment{AKName: recorded.AK.Name}}
		a, err := boot.Verify(q, inv)
		if err != nil {
			t.Fatal(err)
		}
		if a.State == facts.AttestationVerified {
			t.Fatal("verified without a root")
		}
		if a.Boot != nil && !bytes.Contains(evidence, []byte(recorded.AK.Name)) {
			t.Fatal("a log was believed without the recorded key")
		}
	})
}
