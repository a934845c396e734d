package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/check"
)

var day = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// party is a certificate and its key.
type party struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func issue(t testing.TB, name string, serial int64, by *party, edit func(*x509.Certificate)) *party {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: day.AddDate(-1, 0, 0), NotAfter: day.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	if edit != nil {
		edit(c)
	}
	parent := &party{c, key}
	if by != nil {
		parent = by
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &party{cert, key}
}

// answer is that of a responder for a certificate of an issuer.
func answer(t testing.TB, issuer, responder *party, cert *x509.Certificate, edit func(*ocsp.Response)) []byte {
	t.Helper()
	r := ocsp.Response{Status: ocsp.Good, SerialNumber: cert.SerialNumber, ThisUpdate: day.Add(-time.Hour), NextUpdate: day.Add(time.Hour)}
	if responder != issuer {
		r.Certificate = responder.cert
	}
	if edit != nil {
		edit(&r)
	}
	b, err := ocsp.CreateResponse(issuer.cert, responder.cert, r, responder.key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func may(c *x509.Certificate) {
	c.IsCA, c.ExtKeyUsage, c.KeyUsage = false, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, x509.KeyUsageDigitalSignature
}

// TestCheck: each answer that does not say "not revoked" says why not.
func TestCheck(t *testing.T) {
	root := issue(t, "root", 1, nil, nil)
	ca := issue(t, "ca", 2, root, nil)
	leaf := issue(t, "leaf", 3, ca, nil)
	other := issue(t, "other", 2, nil, nil)
	responder := issue(t, "responder", 9, ca, may)
	plain := issue(t, "plain", 10, ca, func(c *x509.Certificate) { c.ExtKeyUsage = nil })
	foreign := issue(t, "foreign", 11, other, may)
	ended := issue(t, "ended", 12, ca, func(c *x509.Certificate) { may(c); c.NotAfter = day.AddDate(0, -1, 0) })
	path := []*x509.Certificate{leaf.cert, ca.cert, root.cert}
	good := answer(t, root, root, ca.cert, nil)
	for name, tt := range map[string]struct {
		leaf   []byte
		code   string
		status check.Status
	}{
		"good":               {answer(t, ca, ca, leaf.cert, nil), "", check.Pass},
		"delegated":          {answer(t, ca, responder, leaf.cert, nil), "", check.Pass},
		"none":               {nil, "no-answer", check.Unknown},
		"of another":         {answer(t, ca, ca, ca.cert, nil), "no-answer", check.Unknown},
		"by another issuer":  {answer(t, other, other, leaf.cert, nil), "no-answer", check.Unknown},
		"by one who may not": {answer(t, ca, plain, leaf.cert, nil), "no-answer", check.Unknown},
		"by another's":       {answer(t, ca, foreign, leaf.cert, nil), "no-answer", check.Unknown},
		"by one who ended":   {answer(t, ca, ended, leaf.cert, nil), "no-answer", check.Unknown},
		"unknown to it":      {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.Status = ocsp.Unknown }), "unknown-to-responder", check.Unknown},
		"stale":              {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.NextUpdate = day.Add(-time.Second) }), "stale", check.Unknown},
		"of tomorrow":        {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.ThisUpdate = day.AddDate(0, 0, 1); r.NextUpdate = day.AddDate(0, 0, 2) }), "not-yet-valid", check.Unknown},
		"without an end":     {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.NextUpdate = time.Time{} }), "no-end", check.Unknown},
		"revoked": {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) {
			r.Status, r.RevocationReason, r.RevokedAt = ocsp.Revoked, ocsp.KeyCompromise, day
		}), "revoked", check.Fail},
		"revoked, and it ended": {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.Status, r.RevokedAt, r.NextUpdate = ocsp.Revoked, day, day.Add(-time.Minute) }), "revoked", check.Fail},
		"on hold": {answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) {
			r.Status, r.RevocationReason, r.RevokedAt = ocsp.Revoked, ocsp.CertificateHold, day
		}), "on-hold", check.Fail},
	} {
		a := &Answers{}
		for _, b := range [][]byte{good, tt.leaf} {
			if b == nil {
				continue
			}
			if is, err := a.Add(b); !is || err != nil {
				t.Fatal(name, is, err)
			}
		}
		if c := a.Check("c", path, 0, day); c.Code != tt.code || c.Status != tt.status || c.Detail == "" || c.Name != "c" {
			t.Errorf("%s: %+v", name, c)
		}
		if c := a.Check("c", path, 1, day); c.Status != check.Pass {
			t.Errorf("%s: without the leaf: %+v", name, c)
		}
	}
	// A newer answer takes the place of an old one; a revocation of none.
	a := &Answers{}
	stale := answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.NextUpdate = day.Add(-time.Second) })
	for _, b := range [][]byte{stale, answer(t, ca, ca, leaf.cert, nil), stale} {
		_, _ = a.Add(b)
	}
	if c := a.Check("c", path[:2], 0, day); c.Status != check.Pass {
		t.Errorf("%+v", c)
	}
	_, _ = a.Add(answer(t, ca, ca, leaf.cert, func(r *ocsp.Response) { r.Status, r.RevokedAt = ocsp.Revoked, day }))
	if c := a.Check("c", path[:2], 0, day); c.Status != check.Fail {
		t.Errorf("%+v", c)
	}
	if c := a.Check("c", path[:1], 0, day); c.Status != check.Unknown {
		t.Errorf("a root alone: %+v", c)
	}
}

// TestAdd: what is no answer.
func TestAdd(t *testing.T) {
	a := &Answers{}
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "a certificate": issue(t, "c", 1, nil, nil).cert.Raw, "large": make([]byte, MaxBytes+1)} {
		if is, err := a.Add(b); is || err != nil || a.Len() != 0 {
			t.Errorf("%s: %v %v", name, is, err)
		}
	}
	var none *Answers
	if none.Len() != 0 {
		t.Error(none.Len())
	}
}

func FuzzCheck(f *testing.F) {
	root := issue(f, "root", 1, nil, nil)
	leaf := issue(f, "leaf", 3, root, nil)
	f.Add(answer(f, root, root, leaf.cert, func(r *ocsp.Response) { r.Status = ocsp.Unknown }))
	f.Add(answer(f, root, issue(f, "responder", 9, root, may), leaf.cert, func(r *ocsp.Response) { r.NextUpdate = day.Add(-time.Hour) }))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := &Answers{}
		if is, err := a.Add(b); !is || err != nil {
			return
		}
		if c := a.Check("c", []*x509.Certificate{leaf.cert, root.cert}, 0, day); c.Status == check.Pass {
			t.Fatal("nobody said that it is not revoked")
		}
	})
}
