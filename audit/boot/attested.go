package boot

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Attested is what evidence of a TPM is worth, with what the log that it vouches for says of
// the machine.
type Attested struct {
	// Status is that of the evidence; ROMs that contradict it make it fail, and
	// those that nobody could compare make it unknown.
	Status     tpm.Status           `json:"status"`
	Result     *tpm.Result          `json:"evidence"`
	SecureBoot *eventlog.SecureBoot `json:"secure_boot,omitempty"`
	OptionROMs *optionrom.Report    `json:"option_roms,omitempty"`
}

// Attest reads a log that the TPM vouches for, and compares it with the facts of the
// machine, nil for none.
func Attest(r *tpm.Result, inv *inventory.Inventory) *Attested {
	v := &Attested{Status: r.Status(), Result: r}
	v.compare(inv)
	return v
}

func (v *Attested) compare(inv *inventory.Inventory) {
	if v.Result.Log != nil {
		v.SecureBoot = new(v.Result.Log.SecureBoot())
		if !v.SecureBoot.Proven() {
			v.worsen(tpm.Unknown)
		}
	}
	if inv == nil {
		return
	}
	bank, ok := eventlog.AlgorithmNamed(v.Result.Bank)
	if v.Result.Log == nil || !ok {
		v.worsen(tpm.Unknown)
		return
	}
	v.OptionROMs = optionrom.Corroborate(v.Result.Log, bank, inv)
	if len(v.OptionROMs.Others) > 0 {
		v.worsen(tpm.Unknown) // code may have run that nobody explains
	}
	for _, r := range v.OptionROMs.Results {
		if r.Verdict == optionrom.OtherDevice && v.unread(inv) {
			v.worsen(tpm.Unknown) // the place is not measured: it may be that card's
		}
		switch r.Verdict {
		case optionrom.Contradicted:
			v.worsen(tpm.Fail)
		case optionrom.Corroborated, optionrom.OtherForm, optionrom.OtherDevice:
		default:
			v.worsen(tpm.Unknown)
		}
	}
}

// unread says that a card's ROM was not read, and that the log has no driver of it.
func (v *Attested) unread(inv *inventory.Inventory) bool {
	return slices.ContainsFunc(inv.Devices, func(d inventory.Device) bool {
		return len(d.Firmware.ROMs) == 0 && !slices.ContainsFunc(v.OptionROMs.Results, func(r optionrom.Result) bool { return r.Device == d.Address })
	})
}

func (v *Attested) worsen(to tpm.Status) {
	if v.Status != tpm.Fail {
		v.Status = to
	}
}
