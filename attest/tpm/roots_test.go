package tpm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"os"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

func TestVendorRootsAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range tpm.VendorRoots() {
		if b, err := hex.DecodeString(r.SPKI); err != nil || len(b) != sha256.Size || seen[r.SPKI] || r.Vendor == "" || r.Name == "" {
			t.Errorf("%+v: malformed or there twice", r)
		}
		seen[r.SPKI] = true
	}
}

// pinned is the recorded evidence, whose root is known by its key alone.
func pinned(t *testing.T) (*tpm.Evidence, tpm.Policy, *x509.Certificate) {
	t.Helper()
	e, p := recorded(t, "good")
	root := p.Roots[0]
	sum := sha256.Sum256(root.RawSubjectPublicKeyInfo)
	p.Roots = nil
	p.Vendors = append(tpm.VendorRoots(), tpm.Root{Vendor: "gpuaudit", Name: "test", SPKI: hex.EncodeToString(sum[:])})
	return e, p, root
}

func TestPinnedRoot(t *testing.T) {
	e, p, root := pinned(t)
	e.Certificates = append(e.Certificates, root.Raw)
	if r := verified(t, e, p); r.Status() != tpm.Pass || !slices.Equal(r.EKRoots, []string{"gpuaudit: test"}) {
		t.Errorf("%s, %v: the chain came with the evidence", r.Status(), r.EKRoots)
	}
	e, p, root = pinned(t)
	p.Chain = []*x509.Certificate{root}
	if r := verified(t, e, p); r.Status() != tpm.Pass {
		t.Errorf("%s: the verifier had the chain", r.Status())
	}
}

func TestUnknownVendorIsNoPass(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, e *tpm.Evidence, p *tpm.Policy, root *x509.Certificate)
		status tpm.Status
		code   string
	}{
		{"no root came along", func(*testing.T, *tpm.Evidence, *tpm.Policy, *x509.Certificate) {}, tpm.Unknown, "ek-vendor-unknown"},
		{"key not pinned", func(_ *testing.T, _ *tpm.Evidence, p *tpm.Policy, root *x509.Certificate) {
			p.Chain, p.Vendors = []*x509.Certificate{root}, tpm.VendorRoots()
		}, tpm.Unknown, "ek-vendor-unknown"},
		{"pinned key under another's signature", func(t *testing.T, _ *tpm.Evidence, p *tpm.Policy, root *x509.Certificate) {
			p.Chain = []*x509.Certificate{forgedRoot(t, root)}
		}, tpm.Unknown, "ek-vendor-unknown"},
		{"issuer missing in between", func(_ *testing.T, e *tpm.Evidence, p *tpm.Policy, root *x509.Certificate) {
			e.Certificates, p.Chain = nil, []*x509.Certificate{root}
		}, tpm.Unknown, "ek-vendor-unknown"},
		{"the verifier's own root counts alone", func(t *testing.T, _ *tpm.Evidence, p *tpm.Policy, root *x509.Certificate) {
			other, err := os.ReadFile("testdata/sibling-root.pem")
			if err != nil {
				t.Fatal(err)
			}
			p.Chain, p.Roots = []*x509.Certificate{root}, []*x509.Certificate{certificate(t, other)}
		}, tpm.Fail, "ek-certificate-chain"},
		{"before its time", func(_ *testing.T, _ *tpm.Evidence, p *tpm.Policy, root *x509.Certificate) {
			p.Chain, p.Now = []*x509.Certificate{root}, now.AddDate(-9, 0, 0)
		}, tpm.Fail, "ek-certificate-expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, p, root := pinned(t)
			tt.change(t, e, &p, root)
			if c := verified(t, e, p).Check(tpm.CheckEKCertificate); c.Status != tt.status || c.Code != tt.code {
				t.Errorf("%+v, want %s %s", c, tt.status, tt.code)
			}
		})
	}
}

// forgedRoot has the root's name and key and somebody else's signature.
func forgedRoot(t *testing.T, root *x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: root.SerialNumber, RawSubject: root.RawSubject, NotBefore: root.NotBefore, NotAfter: root.NotAfter, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, &x509.Certificate{RawSubject: root.RawSubject}, root.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
