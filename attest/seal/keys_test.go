package seal_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func cosignKey(t *testing.T, key crypto.Signer, pass string) string {
	t.Helper()
	box, err := encrypted.Encrypt(pkcs8(t, key), []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return block("ENCRYPTED SIGSTORE PRIVATE KEY", box)
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func saying(pass string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(pass), nil }
}

func TestLoadSigner(t *testing.T) {
	key := newKey(t, "p256")
	sec1, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	large, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	prime256v1 := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	locked := cosignKey(t, key, "secret")
	for _, tc := range []struct {
		name, text string
		pass       func() ([]byte, error)
		want       string // "" for a key that can be used
	}{
		{"PKCS 8, P-256", block("PRIVATE KEY", pkcs8(t, key)), nil, ""},
		{"PKCS 8, P-384", block("PRIVATE KEY", pkcs8(t, newKey(t, "p384"))), nil, ""},
		{"PKCS 8, Ed25519", block("PRIVATE KEY", pkcs8(t, newKey(t, "ed25519"))), nil, ""},
		{"SEC 1", block("EC PRIVATE KEY", sec1), nil, ""},
		{"SEC 1 behind its parameters", block("EC PARAMETERS", prime256v1) + block("EC PRIVATE KEY", sec1), nil, ""},
		{"cosign's encrypted key", locked, saying("secret"), ""},
		{"cosign's older encrypted key", strings.ReplaceAll(locked, "SIGSTORE", "COSIGN"), saying("secret"), ""},
		{"encrypted with an empty passphrase", cosignKey(t, key, ""), saying(""), ""},
		{"wrong passphrase", locked, saying("no"), "wrong passphrase"},
		{"no passphrase", locked, nil, "encrypted"},
		{"no passphrase to be had", locked, func() ([]byte, error) { return nil, errors.New("none is set") }, "none is set"},
		{"RSA", block("PRIVATE KEY", pkcs8(t, rsaKey(t))), nil, "use ECDSA P-256"},
		{"P-521", block("PRIVATE KEY", pkcs8(t, large)), nil, "use ECDSA P-256"},
		{"a public key", string(publicOf(t, key)), nil, "no private key"},
		{"encrypted PKCS 8", block("ENCRYPTED PRIVATE KEY", sec1), nil, "no private key"},
		{"parameters only", block("EC PARAMETERS", prime256v1), nil, "no PEM block"},
		{"cut off", block("PRIVATE KEY", pkcs8(t, key)[:40]), nil, "unusable key"},
		{"no PEM", "hello", nil, "no PEM block"},
		{"empty", "", nil, "no PEM block"},
		{"too large", strings.Repeat("x", 70<<10), nil, "larger"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := seal.LoadSigner([]byte(tc.text), tc.pass)
			refused(t, err, tc.want)
		})
	}
}

func TestParsePublicKey(t *testing.T) {
	key := newKey(t, "p256")
	other, err := x509.MarshalPKIXPublicKey(rsaKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"P-256", string(publicOf(t, key)), ""},
		{"P-384", string(publicOf(t, newKey(t, "p384"))), ""},
		{"Ed25519", string(publicOf(t, newKey(t, "ed25519"))), ""},
		{"RSA", block("PUBLIC KEY", other), "use ECDSA P-256"},
		{"a private key", block("PRIVATE KEY", pkcs8(t, key)), "unusable key"},
		{"cut off", block("PUBLIC KEY", other[:40]), "unusable key"},
		{"no PEM", "hello", "unusable key"},
		{"too large", strings.Repeat("x", 70<<10), "larger"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := seal.ParsePublicKey([]byte(tc.text))
			refused(t, err, tc.want)
		})
	}
}

// refused holds an error against the text it must have, "" for none.
func refused(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Error(err)
	case want != "" && (!errors.Is(err, seal.ErrKey) || !strings.Contains(err.Error(), want)):
		t.Errorf("error is %v, want %q in it", err, want)
	}
}

func publicOf(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	pub, err := signerOf(t, key).PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return pub
}
