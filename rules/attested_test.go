package rules_test

import (
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// attestedInputs are hosts whose TPM proves everything, hosts with each fault of
// a boot planted, and hosts whose evidence proves nothing.
func attestedInputs() map[string]*facts.Facts {
	all := map[string]*facts.Facts{}
	for name, a := range map[string]func() *facts.Attestation{
		"attested": proven, "attestation planted": plantedBoot, "attestation planted again": plantedBootAgain,
		"attestation unproven": unproven, "attestation absent": absent,
	} {
		f, host := honest(), hostOnly(honest())
		f.Attestation, host.Attestation = a(), a()
		all[name], all[name+" host"] = f, host
	}
	all["attestation planted unsigned"] = unsignedRan()
	return all
}

// unsignedRan is a machine whose firmware ran an unsigned driver though Secure
// Boot was on.
func unsignedRan() *facts.Facts {
	f := honest()
	f.Attestation = proven()
	f.Attestation.Boot.OptionROMVerification = "not-shown"
	images := f.Device.Firmware.ROMs[0].Images
	for i := range images {
		if e := images[i].EFI; e != nil {
			*e = inventory.EFIImage{Machine: e.Machine, Subsystem: e.Subsystem, AuthenticodeSHA256: new("aa"), Signed: new(false), InDB: new(false), InDBX: new(false)}
		}
	}
	return f
}

func proven() *facts.Attestation {
	return &facts.Attestation{
		State: facts.AttestationVerified, Reason: "all 3 checks passed", Nonce: "11", NonceFrom: facts.NonceVerifier, Covers: facts.CoversFacts, SameBoot: "yes",
		Checks: []facts.AttestationCheck{{Name: "log-form", Status: "pass"}, {Name: "log-replay", Status: "pass"}, {Name: "log-consistent", Status: "pass"}},
		Boot: &facts.MeasuredBoot{
			Bank: "sha256", SecureBoot: new(true), SecureBootAgrees: "same", DBAgrees: "same", DBXAgrees: "same", OptionROMVerification: "shown",
			Drivers:     []facts.MeasuredDriver{{Device: "0000:01:00.0", Verdict: "corroborated", Event: 9, Digest: "aa", Reference: &facts.Verdict{State: facts.Match, Reason: "named"}}, {Device: "", Verdict: "other-device", Event: 10, Digest: "bb"}},
			Unexplained: []facts.UnexplainedEvent{},
		},
	}
}

// plantedBoot has one fault for each rule beside proof, so that taking one fact
// away can undo it.
func plantedBoot() *facts.Attestation {
	a := proven()
	a.NonceFrom, a.SameBoot = facts.NonceEvidence, "no"
	a.Boot.SecureBootAgrees, a.Boot.DBXAgrees = "differs", "differs"
	a.Boot.Drivers = append(a.Boot.Drivers, facts.MeasuredDriver{Device: "0000:01:00.0", Verdict: "contradicted", Event: 11, Digest: "cc",
		Reference: &facts.Verdict{State: facts.Mismatch, Reason: "other"}},
		facts.MeasuredDriver{Device: "0000:01:00.0", Verdict: "measured-unreadable", Event: 12, Digest: "dd"},
		facts.MeasuredDriver{Device: "0000:01:00.0", Verdict: "present-never-measured", Event: -1})
	a.Boot.Unexplained = append(a.Boot.Unexplained, facts.UnexplainedEvent{Event: 13, Type: "EV_IPL", Digest: "ee"})
	return a
}

func plantedBootAgain() *facts.Attestation {
	a := proven()
	a.State, a.Reason, a.AgeDays, a.Covers = facts.AttestationFailed, "failed: log-replay", 31, facts.CoversNothing
	a.Checks[1] = facts.AttestationCheck{Name: "log-replay", Status: "fail", Code: "log-pcr-mismatch", Detail: "PCR 2"}
	a.Boot.DBAgrees = "differs"
	return a
}

func unproven() *facts.Attestation {
	a := proven()
	a.State, a.Reason, a.Covers, a.SameBoot = facts.AttestationUnproven, "not known: ek-certificate (ek-vendor-unknown)", facts.CoversOther, "unknown"
	return a
}

func absent() *facts.Attestation {
	return &facts.Attestation{State: facts.AttestationAbsent, Reason: "the TPM gave no evidence: not-present", Covers: facts.CoversNothing, SameBoot: "unknown"}
}
