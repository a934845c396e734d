package machine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// TestReadEvidence: evidence is told from captures by what a file holds, and what is neither
// is said to be so.
func TestReadEvidence(t *testing.T) {
	const good = "../../attest/tpm/testdata/good.json"
	e, own, err := machine.ReadEvidence(good)
	if err != nil || own || e == nil {
		t.Fatalf("%v, of a capture: %v", err, own)
	}
	if covered, err := machine.CoveredBy(e, "", false, []byte{1}); err != nil || len(covered) != 1 {
		t.Errorf("no capture changes what was given: %x %v", covered, err)
	}
	if e, own, err := machine.ReadEvidence("../../testdata/stored/card.tar.gz"); e != nil || !own || fault.Of(err) != fault.Incomplete {
		t.Errorf("a capture without evidence: %v, of a capture: %v", err, own)
	}
	other := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(other, []byte(`{"a":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, own, err := machine.ReadEvidence(other); e != nil || own || !errors.Is(err, tpm.ErrOther) || fault.Of(err) != fault.Signature {
		t.Errorf("something else: %v, of a capture: %v", err, own)
	}
	if _, err := machine.CoveredBy(e, other, false, nil); err == nil {
		t.Error("something else is no capture that evidence could cover")
	}
}
