package boot_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

var (
	nonce  = bytes.Repeat([]byte{0x11}, 32)
	now    = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	report = sha256.Sum256([]byte("a report\n"))
)

// question asks about recorded evidence, which was made for a digest that stands
// for the facts here.
func question(t *testing.T, name string) (boot.Input, *tpm.Evidence) {
	t.Helper()
	text, err := os.ReadFile("../../attest/tpm/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	e, err := tpm.ParseEvidence(text)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile("../../attest/tpm/testdata/good-root.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(root)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return boot.Input{
		Evidence: text, Recording: report[:], Collected: now.AddDate(0, 0, -2),
		Policy: tpm.Policy{Nonce: nonce, Now: now, Roots: []*x509.Certificate{c}, Enrolled: &tpm.Enrolment{AKName: e.AK.Name}},
	}, e
}

// machine has a card where the recorded log's second driver comes from.
func machine(e *tpm.Evidence) *inventory.Inventory {
	sum := sha256.Sum256(e.EventLog)
	return &inventory.Inventory{
		Host: inventory.Host{
			Boot:     inventory.Boot{SecureBoot: new(false), DB: &inventory.SignatureDatabase{}, DBX: &inventory.SignatureDatabase{}},
			EventLog: &inventory.FileDigest{SHA256: hex.EncodeToString(sum[:])},
			// The display in slot 5 is audited by nobody here.
			FunctionPaths: [][]string{{"0000:00:01.3"}, {"0000:00:01.3", "0000:03:00.0"}, {"0000:00:05.0"}},
		},
		Devices: []inventory.Device{{
			Address: "0000:03:00.0", Bridges: []inventory.Function{{Address: "0000:00:01.3"}},
			Firmware: inventory.Firmware{ROMs: []inventory.ROM{{Source: "sysfs", Images: []inventory.ROMImage{{
				Offset: 0x12600, Bytes: 0x3cfff - 0x12600 + 1, CodeType: "03",
				EFI: &inventory.EFIImage{AuthenticodeSHA256: new(hex.EncodeToString(bytes.Repeat([]byte{2}, 32)))},
			}}}}},
		}},
	}
}

func verified(t *testing.T, q boot.Input, inv *inventory.Inventory) *facts.Attestation {
	t.Helper()
	a, err := boot.Verify(q, inv)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestEverythingFits(t *testing.T) {
	q, e := question(t, "good")
	a := verified(t, q, machine(e))
	b := a.Boot
	if a.State != facts.AttestationVerified || a.NonceFrom != facts.NonceVerifier || a.Covers != facts.CoversFacts || a.SameBoot != "yes" || a.AgeDays != 2 || b == nil {
		t.Fatalf("%+v", a)
	}
	if b.SecureBootAgrees != "same" || b.DBAgrees != "same" || b.DBXAgrees != "same" || len(b.Unexplained) > 0 || b.Unexplained == nil || b.OptionROMVerification != "off" {
		t.Errorf("%+v", b)
	}
	var got []string
	for _, d := range b.Drivers {
		got = append(got, d.Device+" "+d.Verdict)
	}
	if want := []string{" other-device", "0000:03:00.0 corroborated"}; !slices.Equal(got, want) {
		t.Errorf("drivers %q, want %q", got, want)
	}
}

func TestOneChange(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(q *boot.Input, inv *inventory.Inventory)
		state  facts.AttestationState
		holds  func(a *facts.Attestation) bool
	}{
		{"no evidence", func(q *boot.Input, _ *inventory.Inventory) {
			q.Evidence, q.Missing = nil, inventory.ReasonNotPresent
		}, facts.AttestationAbsent, func(a *facts.Attestation) bool {
			return a.Boot == nil && a.Reason == "the TPM gave no evidence: not-present"
		}},
		{"evidence cut", func(q *boot.Input, _ *inventory.Inventory) { q.Evidence = q.Evidence[:100] }, facts.AttestationFailed, func(a *facts.Attestation) bool { return a.Boot == nil }},
		{"evidence without a nonce, and none was given", func(q *boot.Input, _ *inventory.Inventory) {
			q.Policy.Nonce = nil
			q.Evidence = bytes.Replace(q.Evidence, []byte(hex.EncodeToString(nonce)), nil, 1)
		}, facts.AttestationFailed, func(a *facts.Attestation) bool { return a.Boot == nil }},
		{"no nonce of the verifier's", func(q *boot.Input, _ *inventory.Inventory) { q.Policy.Nonce = nil }, facts.AttestationVerified, func(a *facts.Attestation) bool {
			return a.NonceFrom == facts.NonceEvidence && a.Nonce == hex.EncodeToString(nonce)
		}},
		{"another nonce", func(q *boot.Input, _ *inventory.Inventory) { q.Policy.Nonce = report[:] }, facts.AttestationFailed, func(a *facts.Attestation) bool { return a.Boot == nil }},
		{"recording changed since", func(q *boot.Input, _ *inventory.Inventory) { q.Recording = make([]byte, 32) }, facts.AttestationFailed, func(a *facts.Attestation) bool { return a.Covers == facts.CoversOther }},
		{"no recording of the facts", func(q *boot.Input, _ *inventory.Inventory) { q.Recording = nil }, facts.AttestationUnproven, func(a *facts.Attestation) bool {
			return a.Covers == facts.CoversOther && a.Reason == "not known: quote-report (report-not-given)"
		}},
		{"key not enrolled", func(q *boot.Input, _ *inventory.Inventory) { q.Policy.Enrolled = nil }, facts.AttestationUnproven, func(a *facts.Attestation) bool {
			return a.Boot != nil && a.Reason == "not known: ak-binding (ak-not-enrolled)"
		}},
		{"log of another boot", func(_ *boot.Input, inv *inventory.Inventory) { inv.Host.EventLog.SHA256 = "00" }, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.SameBoot == "no" }},
		{"log not read", func(_ *boot.Input, inv *inventory.Inventory) { inv.Host.EventLog = nil }, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.SameBoot == "unknown" }},
		{"Secure Boot said to be on", func(_ *boot.Input, inv *inventory.Inventory) { inv.Host.Boot.SecureBoot = new(true) }, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.Boot.SecureBootAgrees == "differs" }},
		{"Secure Boot not read", func(_ *boot.Input, inv *inventory.Inventory) { inv.Host.Boot.SecureBoot = nil }, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.Boot.SecureBootAgrees == "unknown" }},
		{"dbx grew", func(_ *boot.Input, inv *inventory.Inventory) { inv.Host.Boot.DBX.Digests = 9 }, facts.AttestationVerified, func(a *facts.Attestation) bool {
			return a.Boot.DBXAgrees == "differs" && a.Boot.DBAgrees == "same"
		}},
		{"dbx not read", func(_ *boot.Input, inv *inventory.Inventory) { inv.Host.Boot.DBX = nil }, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.Boot.DBXAgrees == "unknown" }},
		{"no dbx, as measured", func(_ *boot.Input, inv *inventory.Inventory) {
			inv.Host.Boot.DBX = nil
			inv.Host.Gaps = []inventory.Gap{{Fact: "/boot/dbx", Reason: inventory.ReasonNotPresent}}
		}, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.Boot.DBXAgrees == "same" }},
		{"no variables at all", func(_ *boot.Input, inv *inventory.Inventory) {
			inv.Host.Boot = inventory.Boot{}
			inv.Host.Gaps = []inventory.Gap{{Fact: "/boot/dbx", Reason: inventory.ReasonNotPresent}}
		}, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.Boot.DBXAgrees == "unknown" }},
		{"ROM exchanged", func(_ *boot.Input, inv *inventory.Inventory) {
			inv.Devices[0].Firmware.ROMs[0].Images[0].EFI.AuthenticodeSHA256 = new("00")
		}, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.Boot.Drivers[1].Verdict == "contradicted" }},
		{"ROM not read", func(_ *boot.Input, inv *inventory.Inventory) {
			inv.Devices[0].Firmware.ROMs = nil
			inv.Devices[0].Gaps = []inventory.Gap{{Fact: "/firmware/roms", Reason: inventory.ReasonIOError}}
		}, facts.AttestationVerified, func(a *facts.Attestation) bool {
			return a.Boot.Drivers[1].Verdict == "measured-unreadable" && a.Boot.Drivers[1].Reason == "io-error"
		}},
		{"gathered after the clock", func(q *boot.Input, _ *inventory.Inventory) { q.Collected = now.AddDate(0, 0, 3) }, facts.AttestationVerified, func(a *facts.Attestation) bool { return a.AgeDays == -3 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, e := question(t, "good")
			inv := machine(e)
			tt.change(&q, inv)
			if a := verified(t, q, inv); a.State != tt.state || !tt.holds(a) {
				t.Errorf("%+v\n%+v", a, a.Boot)
			}
		})
	}
	q, e := question(t, "extended")
	if a := verified(t, q, machine(e)); a.State != facts.AttestationFailed || a.Boot != nil {
		t.Errorf("a log that the TPM contradicts was believed: %+v", a)
	}
}

// TestPolicyIsRefused: a verification without a clock is no verification.
func TestPolicyIsRefused(t *testing.T) {
	q, e := question(t, "good")
	q.Policy.Now = time.Time{}
	if a, err := boot.Verify(q, machine(e)); err == nil {
		t.Errorf("%+v", a)
	}
}
