package cms_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/cms"
)

// sign has OpenSSL sign a text, with a certificate whose subject is CN=Signer.
func sign(t *testing.T, args ...string) ([]byte, *x509.Certificate) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl here")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Signer", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2")
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(append([]string{"cms", "-sign", "-binary", "-in", "text", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "signed"}, args...)...)
	run("x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der")
	signed, err := os.ReadFile(filepath.Join(dir, "signed"))
	if err != nil {
		t.Fatal(err)
	}
	der, err := os.ReadFile(filepath.Join(dir, "cert.der"))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signed, cert
}

// TestOpenSSL: what OpenSSL signs is read, whichever way it names the signer.
func TestOpenSSL(t *testing.T) {
	signed, cert := sign(t)
	sd, err := cms.Parse(append(signed, 0, 0, 0)) // as a certificate table pads it
	if err != nil {
		t.Fatal(err)
	}
	id, err := sd.Signers[0].IssuerAndSerial()
	if err != nil {
		t.Fatal(err)
	}
	name, err := id.Name()
	if err != nil || name.CommonName != "Signer" || id.Serial.Cmp(cert.SerialNumber) != 0 {
		t.Errorf("signed by %v, number %v: %v", name, id.Serial, err)
	}
	if list := sd.X509(); len(list) != 1 || !list[0].Equal(cert) {
		t.Errorf("%d certificates", len(list))
	}
	signed, cert = sign(t, "-keyid", "-nocerts", "-noattr")
	if sd, err = cms.Parse(signed); err != nil {
		t.Fatal(err)
	}
	if key, ok := sd.Signers[0].KeyID(); !ok || string(key) != string(cert.SubjectKeyId) {
		t.Errorf("key %x, want %x", key, cert.SubjectKeyId)
	}
	if _, err := sd.Signers[0].IssuerAndSerial(); err == nil {
		t.Error("a signer who is named by a key has an issuer")
	}
	if list := sd.X509(); list != nil {
		t.Errorf("%d certificates of none", len(list))
	}
}

func TestRefusals(t *testing.T) {
	der := func(v any) []byte {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	inner := func(b []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: b}
	}
	for name, test := range map[string]struct {
		der  []byte
		want string
	}{
		"nothing":        {nil, "syntax error"},
		"plain data":     {der(cms.ContentInfo{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, Content: inner([]byte{5, 0})}), "is not signed data"},
		"no signed data": {der(cms.ContentInfo{Type: cms.OIDSignedData, Content: inner([]byte{5, 0})}), "signed data"},
	} {
		if _, err := cms.Parse(test.der); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestManyCertificates: no more are read than a signature may bring, and a broken one
// hides no other.
func TestManyCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now()}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	var sd cms.SignedData
	sd.Certificates.Bytes = append([]byte{0x30, 0}, cert...)
	if n := len(sd.X509()); n != 1 {
		t.Errorf("%d certificates beside a broken one, want 1", n)
	}
	for range 100 {
		sd.Certificates.Bytes = append(sd.Certificates.Bytes, cert...)
	}
	if n := len(sd.X509()); n != cms.MaxCertificates {
		t.Errorf("%d certificates, want %d", n, cms.MaxCertificates)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		sd, err := cms.Parse(b)
		if err != nil {
			return
		}
		sd.X509()
		for i := range sd.Signers {
			if id, err := sd.Signers[i].IssuerAndSerial(); err == nil {
				_, _ = id.Name()
			}
		}
	})
}
