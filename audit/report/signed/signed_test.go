package signed_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

func now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// made is a report on some cards, judged.
func made(cards int) *report.Report {
	r := &report.Report{
		Schema: report.Schema, Tool: report.Tool{Name: "gpuaudit", Version: "test"}, Now: now(), FailOn: finding.High,
		DataSets: []facts.DataSet{{Name: "rules", Date: "2026-11-24", SHA256: "aa"}}, Manifests: []report.Manifest{},
		Findings: []finding.Finding{}, Devices: []report.Device{},
	}
	for i := range cards {
		address := fmt.Sprintf("0000:%02x:00.0", i+1)
		r.Inventory.Devices = append(r.Inventory.Devices, inventory.Device{Address: address, PCI: inventory.PCI{VendorID: new("1002"), DeviceID: new("73ff"), DRMNodes: []string{}}})
		r.Devices = append(r.Devices, report.Device{Address: address})
		r.Findings = append(r.Findings, finding.Finding{ID: "GA-BD-001", Device: address, Severity: finding.High, Status: finding.Pass, Title: "<b>&"})
	}
	r.Decide()
	return r
}

func newKey(t testing.TB) (*seal.Signer, crypto.PublicKey) {
	t.Helper()
	_, signer, err := seal.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return signer, signer.Public()
}

func bundleOf(t testing.TB, signer *seal.Signer, r *report.Report) []byte {
	t.Helper()
	statement, err := signed.Statement(r)
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, signer, statement)
}

func sign(t testing.TB, signer *seal.Signer, statement []byte) []byte {
	t.Helper()
	b, err := seal.Sign(context.Background(), statement, signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func trust(t testing.TB, pub crypto.PublicKey, kind, vendors string) *manifest.Trust {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	pemText := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "\n", "\n      ")
	trust, err := manifest.ParseTrust([]byte(fmt.Sprintf("version: 1\nkeys:\n  - name: us\n    kind: %s\n    pci_vendors: [%s]\n    not_before: 2026-01-01T00:00:00Z\n    not_after: 2027-01-01T00:00:00Z\n    public_key: |\n      %s\n", kind, vendors, pemText)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func TestRoundTrip(t *testing.T) {
	signer, pub := newKey(t)
	for cards := range 3 {
		r := made(cards)
		v, err := signed.Verify(bundleOf(t, signer, r), signed.Policy{Key: pub, Now: now()})
		if err != nil {
			t.Fatalf("%d cards: %v", cards, err)
		}
		if err := v.Same(r); err != nil {
			t.Errorf("%d cards: %v", cards, err)
		}
	}
	v, err := signed.Verify(bundleOf(t, signer, made(1)), signed.Policy{Trust: trust(t, pub, "lab", `"1002"`), Now: now()})
	if err != nil || v.Signer != "us (lab)" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestEachFailureIsItsOwn(t *testing.T) {
	signer, pub := newKey(t)
	_, stranger := newKey(t)
	good := made(1)
	edit := func(change func(map[string]any)) []byte {
		statement, err := signed.Statement(made(1))
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(statement, &doc); err != nil {
			t.Fatal(err)
		}
		change(doc)
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return sign(t, signer, text)
	}
	predicate := func(doc map[string]any) map[string]any { return doc["predicate"].(map[string]any) }
	key := signed.Policy{Key: pub, Now: now()}
	tests := []struct {
		name   string
		bundle []byte
		policy signed.Policy
		want   error
	}{
		{"no key", bundleOf(t, signer, good), signed.Policy{Now: now()}, seal.ErrPolicy},
		{"another key", bundleOf(t, signer, good), signed.Policy{Key: stranger, Now: now()}, seal.ErrUnknownKey},
		{"key that ended", bundleOf(t, signer, good), signed.Policy{Trust: trust(t, pub, "lab", `"1002"`), Now: now().AddDate(1, 0, 0)}, seal.ErrKeyExpired},
		{"another type", edit(func(d map[string]any) { d["predicateType"] = manifest.PredicateType }), key, seal.ErrPredicateType},
		{"unknown field", edit(func(d map[string]any) { predicate(d)["override"] = true }), key, signed.ErrContent},
		{"another schema", edit(func(d map[string]any) { predicate(d)["schema"] = "gpuaudit.report/v9" }), key, signed.ErrContent},
		{"subject missing", edit(func(d map[string]any) { d["subject"] = d["subject"].([]any)[:1] }), key, signed.ErrSubjects},
		{"subject of other evidence", edit(func(d map[string]any) {
			d["subject"].([]any)[0].(map[string]any)["digest"] = map[string]any{"sha256": strings.Repeat("0", 64)}
		}), key, signed.ErrSubjects},
		{"evidence edited", edit(func(d map[string]any) {
			predicate(d)["inventory"].(map[string]any)["devices"].([]any)[0].(map[string]any)["kind"] = "accelerator"
		}), key, signed.ErrSubjects},
		{"verdict edited", edit(func(d map[string]any) {
			predicate(d)["findings"].([]any)[0].(map[string]any)["status"] = "fail"
		}), key, signed.ErrVerdict},
		{"counts edited", edit(func(d map[string]any) {
			predicate(d)["verdict"].(map[string]any)["counts"].(map[string]any)["pass"] = 7
		}), key, signed.ErrVerdict},
		{"a device's status edited", edit(func(d map[string]any) {
			predicate(d)["devices"].([]any)[0].(map[string]any)["status"] = "listed"
		}), key, signed.ErrVerdict},
		{"a device's identity edited", edit(func(d map[string]any) {
			predicate(d)["devices"].([]any)[0].(map[string]any)["identity"] = map[string]any{"verdict": "genuine"}
		}), key, signed.ErrVerdict},
		{"restrictions edited", edit(func(d map[string]any) {
			predicate(d)["devices"].([]any)[0].(map[string]any)["restrictions"] = map[string]any{"restricted": []string{"GA-IR-001"}, "needs_human": []string{}, "data_too_old": []string{}}
		}), key, signed.ErrVerdict},
		{"vendor", bundleOf(t, signer, good), signed.Policy{Trust: trust(t, pub, "vendor", `"1002"`), Now: now()}, signed.ErrScope},
		{"other devices", bundleOf(t, signer, good), signed.Policy{Trust: trust(t, pub, "operator", `"10de"`), Now: now()}, signed.ErrScope},
		{"of tomorrow", bundleOf(t, signer, good), signed.Policy{Key: pub, Now: now().Add(-time.Hour)}, signed.ErrFuture},
		{"of last year", bundleOf(t, signer, good), signed.Policy{Key: pub, Now: now().Add(time.Hour), MaxAge: time.Minute}, signed.ErrStale},
		{"no bundle", []byte("{}"), key, seal.ErrMalformed},
	}
	for _, tt := range tests {
		if v, err := signed.Verify(tt.bundle, tt.policy); !errors.Is(err, tt.want) || v != nil {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestSentencesMayChange: a later version explains a verdict in other words, and that
// is no contradiction.
func TestSentencesMayChange(t *testing.T) {
	signer, pub := newKey(t)
	r := made(1)
	r.Verdict.Reasons = []string{"as it was said then"}
	if _, err := signed.Verify(bundleOf(t, signer, r), signed.Policy{Key: pub, Now: now()}); err != nil {
		t.Error(err)
	}
}

func TestSameNamesTheFirstDifference(t *testing.T) {
	signer, pub := newKey(t)
	v, err := signed.Verify(bundleOf(t, signer, made(1)), signed.Policy{Key: pub, Now: now()})
	if err != nil {
		t.Fatal(err)
	}
	other := made(1)
	other.Inventory.Devices[0].PCI.DeviceID = new("0000")
	if err := v.Same(other); !errors.Is(err, signed.ErrRecheck) || !strings.Contains(err.Error(), "/inventory/devices/0/pci/device_id") {
		t.Errorf("got %v", err)
	}
	if err := v.Same(made(2)); !errors.Is(err, signed.ErrRecheck) || !strings.Contains(err.Error(), "/devices: 1 and 2 entries") {
		t.Errorf("got %v", err)
	}
}

// TestEveryByteCounts flips each byte of a signed report: none of the copies is
// believed.
func TestEveryByteCounts(t *testing.T) {
	signer, pub := newKey(t)
	bundle := bundleOf(t, signer, made(1))
	for i := range bundle {
		flipped := append([]byte{}, bundle...)
		flipped[i] ^= 1
		if _, err := signed.Verify(flipped, signed.Policy{Key: pub, Now: now()}); err == nil {
			t.Fatalf("the copy with byte %d (%q) flipped was believed", i, bundle[i])
		}
	}
}

// TestCosignAcceptsReports: a stranger needs no gpuaudit.
func TestCosignAcceptsReports(t *testing.T) {
	tool := os.Getenv("COSIGN")
	if tool == "" {
		var err error
		if tool, err = exec.LookPath("cosign"); err != nil {
			t.Skip("cosign is not installed, and COSIGN does not name it")
		}
	}
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	signer, _ := newKey(t)
	pub, err := signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	r := made(1)
	bundle, key := put("report.sigstore.json", bundleOf(t, signer, r)), put("key.pub", pub)
	facts, err := json.Marshal(&r.Inventory.Devices[0])
	if err != nil {
		t.Fatal(err)
	}
	evidence, wrong := put("device.json", facts), put("other.json", append(facts, ' '))
	verify := func(blob string) error {
		out, err := exec.Command(tool, "verify-blob-attestation", "--key", key, "--bundle", bundle, "--insecure-ignore-tlog", "--type", signed.ReportType, blob).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := verify(evidence); err != nil {
		t.Error(err)
	}
	if verify(wrong) == nil {
		t.Error("cosign took other evidence")
	}
}

func TestSummary(t *testing.T) {
	r := made(1)
	summary := func(of []byte) ([]byte, error) {
		text, err := seal.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		return (&signed.Stored{Report: r, Text: text}).Summary(of)
	}
	b, err := summary([]byte("bundle"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"verificationResult":"PASSED"`, `"predicateType":"https://slsa.dev/verification_summary/v1"`, fmt.Sprintf("%x", sha256.Sum256([]byte("bundle")))} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	r.Findings[0].Status = finding.Unknown
	r.Decide()
	if b, _ = summary(nil); !strings.Contains(string(b), `"FAILED"`) {
		t.Error("undecided is not passed")
	}
}

// BenchmarkVerify compares a report of eight cards with its raw signature.
func BenchmarkVerify(b *testing.B) {
	signer, pub := newKey(b)
	bundle := bundleOf(b, signer, made(8))
	b.Run("report", func(b *testing.B) {
		b.SetBytes(int64(len(bundle)))
		for b.Loop() {
			if _, err := signed.Verify(bundle, signed.Policy{Key: pub, Now: now()}); err != nil {
				b.Fatal(err)
			}
		}
	})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256(bundle)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ecdsa", func(b *testing.B) {
		for b.Loop() {
			if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig) {
				b.Fatal("not verified")
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	text, err := json.Marshal(made(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":"gpuaudit.report/v1"}`))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{}}`))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		f, err := signed.Load(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.Report(nil)
		if err != nil {
			if f.Kind == signed.KindReport && !errors.Is(err, signed.ErrContent) {
				t.Error(err)
			}
			return
		}
		if _, err := s.Statement(); err != nil {
			t.Error(err)
		}
		report.Diff(s.Report, s.Report)
	})
}
