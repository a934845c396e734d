package rules_test

import (
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// gpuInputs are cards that prove themselves, cards whose proof has a fault, and cards that
// gave none.
func gpuInputs() map[string]*facts.Facts {
	all := map[string]*facts.Facts{}
	for name, change := range map[string]func(*facts.GPUProof, *facts.ProvenDevice){
		"gpu proven":  func(*facts.GPUProof, *facts.ProvenDevice) {},
		"gpu differs": planGPUDiffers,
		"gpu false": func(p *facts.GPUProof, d *facts.ProvenDevice) {
			d.Outcome = "not-genuine"
			d.Checks[0] = facts.AttestationCheck{Name: "spdm-signature", Status: "fail", Code: "signature", Detail: "of another key"}
			p.State, p.Reason, p.NonceFrom = facts.AttestationFailed, "not genuine", facts.NonceEvidence
			p.Checks[0] = facts.AttestationCheck{Name: "devices", Status: "fail", Code: "duplicate-device", Detail: "twice"}
		},
		"gpu developer": func(p *facts.GPUProof, d *facts.ProvenDevice) {
			d.Outcome = "not-verifiable"
			d.Checks[1] = facts.AttestationCheck{Name: "host-settings", Status: "fail", Code: "devtools", Detail: "on"}
			p.State, p.Reason = facts.AttestationFailed, "devtools"
		},
		"gpu unchanged":      planGPUOwn,
		"gpu changed":        planGPUOwn,
		"gpu not referenced": planGPUOwn,
		"gpu silent": func(p *facts.GPUProof, _ *facts.ProvenDevice) {
			p.Devices, p.Answered, p.Silent, p.State, p.Reason = nil, 0, []string{"0000:01:00.0"}, facts.AttestationAbsent, "not supported"
		},
	} {
		card := gpuCard()
		p := gpuProof()
		change(p, &p.Devices[0])
		card.GPUProof = p
		if v, own := ownVerdicts[name]; own {
			card.Reference.Measurements = v
		}
		host := &facts.Facts{Schema: facts.Schema, Now: card.Now}
		ofHost := *p
		ofHost.Devices = nil
		host.GPUProof = &ofHost
		all[name], all[name+" host"] = card, host
	}
	return all
}

// ownVerdicts are what one's own manifests say of a card whose maker's are not at hand.
var ownVerdicts = map[string]facts.Verdict{
	"gpu unchanged":      {State: facts.Match, Reason: "as stated", Vouchers: []facts.Voucher{{Manifest: "ab", Name: "m.json", Issuer: "fleet", Kind: "operator", Issued: "2026-11-01"}}},
	"gpu changed":        {State: facts.Mismatch, Reason: "at index 9", Vouchers: []facts.Voucher{{Manifest: "ab", Name: "m.json", Issuer: "fleet", Kind: "operator", Issued: "2026-11-01"}}, Differences: []facts.Difference{{Fact: "/measured/9", Expected: "ab", Actual: "another value"}}},
	"gpu not referenced": {State: facts.NotCovered, Reason: "no trusted manifest states what such a card measures with driver 590.12"},
}

func planGPUOwn(p *facts.GPUProof, d *facts.ProvenDevice) {
	d.Outcome, d.State = "genuine-no-reference", facts.AttestationUnproven
	d.Manifests = []facts.ProvenManifest{{Kind: "driver", ID: "NV_GPU_DRIVER_GH100_590.12", Outcome: "genuine-no-reference"}}
	d.Checks[2] = facts.AttestationCheck{Name: "driver-manifest", Status: "unknown", Code: "no-reference"}
	p.State, p.Reason = facts.AttestationUnproven, "no reference"
}

func planGPUDiffers(p *facts.GPUProof, d *facts.ProvenDevice) {
	d.Outcome, d.State, d.Disagrees = "genuine-differs", facts.AttestationFailed, []string{"vbios"}
	d.Differences = []facts.ProvenDifference{{Index: 9, Name: "Measurement_9", Code: "value", Cause: "known after a reboot", Next: "reset"}}
	p.State, p.Reason = facts.AttestationFailed, "differs"
}

// gpuCard is a card of which little more is known than what it proves.
func gpuCard() *facts.Facts {
	d := &inventory.Device{Address: "0000:01:00.0", Driver: &inventory.Driver{Name: "nvidia"}}
	d.PCI.VendorID, d.PCI.DeviceID = new("10de"), new("2331")
	return &facts.Facts{
		Schema: facts.Schema, Now: honest().Now, Device: d, Reference: &facts.Reference{},
		Catalogue: &catalogue.Facts{},
	}
}

func gpuProof() *facts.GPUProof {
	return &facts.GPUProof{
		State: facts.AttestationVerified, Reason: "1 of 1 GPUs", NonceFrom: facts.NonceVerifier, Answered: 1, Silent: []string{},
		Checks: []facts.AttestationCheck{{Name: "devices", Status: "pass"}},
		Devices: []facts.ProvenDevice{{
			Outcome: "genuine-and-matches", State: facts.AttestationVerified, Chip: "GH100", Architecture: "HOPPER", Driver: new("590.12"),
			Disagrees: []string{}, Agrees: []string{"chip-id", "driver"},
			Checks:    []facts.AttestationCheck{{Name: "spdm-signature", Status: "pass"}, {Name: "host-settings", Status: "unknown", Code: "not-stated"}, {Name: "vbios-measurements", Status: "pass"}},
			Manifests: []facts.ProvenManifest{{Kind: "vbios", ID: "NV", Outcome: "genuine-and-matches", Compared: 12, Matched: 12}},
		}},
	}
}
