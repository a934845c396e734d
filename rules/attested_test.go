package rules_test

import (
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// attestedInputs are hosts whose TPM proves everything, hosts with each fault of
// a boot planted, and hosts whose evidence proves nothing.
func attestedInputs() map[string]*compare.Facts {
	all := map[string]*compare.Facts{}
	for name, a := range map[string]func() *compare.Attestation{
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
func unsignedRan() *compare.Facts {
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

func proven() *compare.Attestation {
	return &compare.Attestation{
		State: compare.AttestationVerified, Reason: "all 3 checks passed", Nonce: "11", NonceFrom: compare.NonceVerifier, Covers: compare.CoversFacts, SameBoot: "yes",
		Checks: []compare.AttestationCheck{{Name: "log-form", Status: "pass"}, {Name: "log-replay", Status: "pass"}, {Name: "log-consistent", Status: "pass"}},
		Boot: &compare.MeasuredBoot{
			Bank: "sha256", SecureBoot: new(true), SecureBootAgrees: "same", DBAgrees: "same", DBXAgrees: "same", OptionROMVerification: "shown",
			Drivers:     []compare.MeasuredDriver{{Device: "0000:01:00.0", Verdict: "corroborated", Event: 9, Digest: "aa", Reference: &compare.Verdict{State: compare.Match, Reason: "named"}}, {Device: "", Verdict: "other-device", Event: 10, Digest: "bb"}},
			Unexplained: []compare.UnexplainedEvent{},
		},
	}
}

// plantedBoot has one fault for each rule beside proof, so that taking one fact
// away can undo it.
func plantedBoot() *compare.Attestation {
	a := proven()
	a.NonceFrom, a.SameBoot = compare.NonceEvidence, "no"
	a.Boot.SecureBootAgrees, a.Boot.DBXAgrees = "differs", "differs"
	a.Boot.Drivers = append(a.Boot.Drivers, compare.MeasuredDriver{Device: "0000:01:00.0", Verdict: "contradicted", Event: 11, Digest: "cc",
		Reference: &compare.Verdict{State: compare.Mismatch, Reason: "other"}},
		compare.MeasuredDriver{Device: "0000:01:00.0", Verdict: "measured-unreadable", Event: 12, Digest: "dd"},
		compare.MeasuredDriver{Device: "0000:01:00.0", Verdict: "present-never-measured", Event: -1})
	a.Boot.Unexplained = append(a.Boot.Unexplained, compare.UnexplainedEvent{Event: 13, Type: "EV_IPL", Digest: "ee", Card: "0000:01:00.0"})
	return a
}

func plantedBootAgain() *compare.Attestation {
	a := proven()
	a.State, a.Reason, a.AgeDays, a.Covers = compare.AttestationFailed, "failed: log-replay", 31, compare.CoversNothing
	a.Checks[1] = compare.AttestationCheck{Name: "log-replay", Status: "fail", Code: "log-pcr-mismatch", Detail: "PCR 2"}
	a.Boot.DBAgrees = "differs"
	return a
}

func unproven() *compare.Attestation {
	a := proven()
	a.State, a.Reason, a.Covers, a.SameBoot = compare.AttestationUnproven, "not known: ek-certificate (ek-vendor-unknown)", compare.CoversOther, "unknown"
	return a
}

func absent() *compare.Attestation {
	return &compare.Attestation{State: compare.AttestationAbsent, Reason: "the TPM gave no evidence: not-present", Covers: compare.CoversNothing, SameBoot: "unknown"}
}
