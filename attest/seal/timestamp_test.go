package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// authority is a timestamping authority whose responses OpenSSL makes.
type authority struct {
	t     *testing.T
	dir   string
	chain []byte // PEM, the signing certificate first
}

const tsaConfig = `[tsa]
serial = serial
policy_id = 1.3.6.1.4.1.57264.2
default_policy = 1.3.6.1.4.1.57264.2
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
`

// newAuthority makes a CA and a certificate with the one purpose of timestamps.
func newAuthority(t *testing.T) authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl (Debian package openssl) is not on this machine")
	}
	a := authority{t: t, dir: t.TempDir()}
	ca, caKey := certificateOf(t, "lab CA", nil, nil, nil)
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	leaf, key := certificateOf(t, "lab TSA", ca, caKey, []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}})
	put(t, a.dir, "tsa.key", []byte(block("PRIVATE KEY", pkcs8(t, key))))
	put(t, a.dir, "tsa.crt", []byte(block("CERTIFICATE", leaf.Raw)))
	put(t, a.dir, "ca.crt", []byte(block("CERTIFICATE", ca.Raw)))
	put(t, a.dir, "tsa.cnf", []byte(tsaConfig))
	put(t, a.dir, "serial", []byte("01\n"))
	a.chain = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})...)
	return a
}

func certificateOf(t *testing.T, name string, parent *x509.Certificate, parentKey crypto.Signer, extensions []pkix.Extension) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: extensions}
	if parent == nil {
		c.KeyUsage = x509.KeyUsageCertSign
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// openssl runs in the authority's folder.
func (a authority) openssl(args ...string) []byte {
	a.t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = a.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

// reply is the authority's response to a request.
func (a authority) reply(request []byte) []byte {
	a.t.Helper()
	put(a.t, a.dir, "q.tsq", request)
	a.openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "q.tsq", "-signer", "tsa.crt", "-inkey", "tsa.key", "-chain", "ca.crt", "-out", "r.tsr")
	b, err := os.ReadFile(filepath.Join(a.dir, "r.tsr"))
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func (a authority) root(base *seal.Root) *seal.Root {
	a.t.Helper()
	r, err := base.WithTimestampAuthority("lab", a.chain)
	if err != nil {
		a.t.Fatal(err)
	}
	return r
}

// TestTimestampInTwoSteps: the request goes to an authority by whatever way, and
// the response comes back. OpenSSL reads the one and makes the other.
func TestTimestampInTwoSteps(t *testing.T) {
	a, key := newAuthority(t), newKey(t, "ed25519")
	bundle := signed(t, key)
	request, err := seal.TimestampRequest(bundle)
	if err != nil {
		t.Fatal(err)
	}
	response := a.reply(request)
	if out := a.openssl("ts", "-query", "-in", "q.tsq", "-text"); !bytes.Contains(out, []byte("Certificate required: yes")) {
		t.Errorf("openssl reads %s", out)
	}
	stamped, err := seal.AttachTimestamp(bundle, response)
	if err != nil {
		t.Fatal(err)
	}
	p := trusting(key)
	p.Now = time.Now().AddDate(10, 0, 0)
	p.Keys[0].NotBefore, p.Keys[0].NotAfter, p.Keys[0].Witness = time.Now().Add(-time.Hour), time.Now().Add(time.Hour), seal.Timestamp
	p.Root = a.root(nil)
	v := verifier(t, p)
	got, err := v.Verify(stamped)
	if err != nil || time.Since(got.Seen).Abs() > time.Minute {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range stamped {
		bad := bytes.Clone(stamped)
		bad[i] ^= 1 << (i % 8)
		if _, err := v.Verify(bad); err == nil {
			t.Errorf("byte %d flipped still verifies: %q", i, bad[max(0, i-60):min(len(bad), i+60)])
		}
	}
	p.Root = newAuthority(t).root(nil)
	if _, err := verifier(t, p).Verify(stamped); !errors.Is(err, seal.ErrTimestamp) {
		t.Errorf("another authority: %v", err)
	}
	p.Root, p.Keys[0].Witness, p.Now = nil, seal.NoWitness, time.Now()
	if _, err := verifier(t, p).Verify(stamped); !errors.Is(err, seal.ErrTimestamp) || !strings.Contains(err.Error(), "no timestamping authority is trusted") {
		t.Errorf("no authority: %v", err)
	}
}

func TestAttachRefuses(t *testing.T) {
	a, key := newAuthority(t), newKey(t, "p256")
	bundle, other := signed(t, key), signed(t, newKey(t, "p256"))
	request, err := seal.TimestampRequest(other)
	if err != nil {
		t.Fatal(err)
	}
	response := a.reply(request)
	for _, tc := range []struct {
		name             string
		bundle, response []byte
		want             error
		text             string
	}{
		{"about another bundle", bundle, response, seal.ErrTimestamp, "something else"},
		{"a request", bundle, request, seal.ErrTimestamp, ""},
		{"cut off", other, response[:len(response)-1], seal.ErrTimestamp, ""},
		{"too large", other, make([]byte, 65<<10), seal.ErrTimestamp, "larger"},
		{"empty", other, nil, seal.ErrTimestamp, ""},
		{"no bundle", []byte("{}"), response, seal.ErrMalformed, ""},
		{"in order", other, response, nil, ""},
	} {
		if _, err := seal.AttachTimestamp(tc.bundle, tc.response); !errors.Is(err, tc.want) || tc.want == nil && err != nil || err != nil && !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: error is %v", tc.name, err)
		}
	}
}

func TestWithTimestampAuthorityRefuses(t *testing.T) {
	a := newAuthority(t)
	leaf, ca, _ := strings.Cut(string(a.chain), "-----END CERTIFICATE-----\n")
	leaf += "-----END CERTIFICATE-----\n"
	for _, tc := range []struct{ name, title, text, want string }{
		{"in order", "lab", string(a.chain), ""},
		{"the CA alone", "lab", ca, ""},
		{"no name", "", ca, "no name"},
		{"the leaf alone", "lab", leaf, "no certificate authority"},
		{"in the wrong order", "lab", ca + leaf, "no certificate authority"},
		{"a stranger's CA", "lab", leaf + strings.SplitAfterN(string(newAuthority(t).chain), "-----END CERTIFICATE-----\n", 2)[1], "not signed by"},
		{"a key", "lab", string(publicOf(t, newKey(t, "p256"))), `"PUBLIC KEY" among the certificates`},
		{"nothing", "lab", "hello", "no certificate"},
		{"too large", "lab", strings.Repeat("x", 2<<20), "larger"},
	} {
		_, err := (*seal.Root)(nil).WithTimestampAuthority(tc.title, []byte(tc.text))
		if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, seal.ErrRoot) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: error is %v", tc.name, err)
		}
	}
}
