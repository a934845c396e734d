package boot_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestAttest: a log that the TPM vouches for makes evidence no better than it is, and a ROM
// that contradicts it makes it fail.
func TestAttest(t *testing.T) {
	q, e := question(t, "good")
	q.Policy.ReportDigest = report[:]
	verify := func() *tpm.Result {
		t.Helper()
		r, err := tpm.Verify(e, q.Policy)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	other := machine(e)
	*other.Devices[0].Firmware.ROMs[0].Images[0].EFI.AuthenticodeSHA256 = "00" + (*other.Devices[0].Firmware.ROMs[0].Images[0].EFI.AuthenticodeSHA256)[2:]
	unlogged := verify()
	unlogged.Log = nil
	for name, tc := range map[string]struct {
		r    *tpm.Result
		inv  *inventory.Inventory
		roms bool
		want tpm.Status
	}{
		"no machine":              {verify(), nil, false, verify().Status()},
		"the machine":             {verify(), machine(e), true, verify().Status()},
		"another driver":          {verify(), other, true, tpm.Fail},
		"no log":                  {unlogged, machine(e), false, tpm.Unknown},
		"no machine and no log":   {unlogged, nil, false, unlogged.Status()},
		"a machine without cards": {verify(), &inventory.Inventory{}, true, tpm.Unknown},
	} {
		v := boot.Attest(tc.r, tc.inv)
		if v.Status != tc.want || (v.OptionROMs != nil) != tc.roms || (v.SecureBoot != nil) != (tc.r.Log != nil) {
			t.Errorf("%s: %s, want %s; option ROMs %+v", name, v.Status, tc.want, v.OptionROMs)
		}
	}
}
