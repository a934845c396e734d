package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

const (
	predicateType = "https://example.org/test/v1"
	blob          = "the firmware image"
	blobSHA256    = "0e1b5ac5b7e58e0b25dbd1c1e0f3df3d2b9a4dc1d5d2f7d2c9ad5a6e1f6f9b11"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func newKey(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs8(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func signerOf(t *testing.T, key crypto.Signer) *seal.Signer {
	t.Helper()
	s, err := seal.LoadSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8(t, key)}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statement(t *testing.T, digest string) []byte {
	t.Helper()
	s, err := seal.NewStatement([]seal.Subject{{Name: "card.rom", Digest: map[string]string{"sha256": digest}}}, predicateType, map[string]string{"vendor": "Example"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	b, err := seal.Sign(t.Context(), statement(t, blobSHA256), signerOf(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func trusting(keys ...crypto.Signer) seal.Policy {
	p := seal.Policy{PredicateType: predicateType, Now: now}
	for _, k := range keys {
		p.Keys = append(p.Keys, seal.Key{Name: "vendor", Public: k.Public(), NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)})
	}
	return p
}

func verifier(t *testing.T, p seal.Policy) *seal.Verifier {
	t.Helper()
	v, err := seal.NewVerifier(p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range []string{"p256", "p384", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			key, other := newKey(t, kind), newKey(t, "p256")
			got, err := verifier(t, trusting(other, key)).Verify(signed(t, key))
			if err != nil {
				t.Fatal(err)
			}
			if got.Key != "vendor" || got.Statement.Subject[0].Digest["sha256"] != blobSHA256 || string(got.Statement.Predicate) != `{"vendor":"Example"}` {
				t.Errorf("verified %+v", got)
			}
		})
	}
}

// TestEveryFailureHasItsName.
func TestEveryFailureHasItsName(t *testing.T) {
	key, other := newKey(t, "p256"), newKey(t, "ed25519")
	good := signed(t, key)
	edit := func(change func(map[string]any)) []byte {
		var doc map[string]any
		if err := json.Unmarshal(good, &doc); err != nil {
			t.Fatal(err)
		}
		change(doc)
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	envelope := func(doc map[string]any) map[string]any { return doc["dsseEnvelope"].(map[string]any) }
	payload := base64.StdEncoding.EncodeToString(statement(t, strings.Repeat("0", 64)))
	for _, tc := range []struct {
		name   string
		bundle []byte
		policy func(*seal.Policy)
		want   error
	}{
		{"unknown key", signed(t, other), nil, seal.ErrUnknownKey},
		{"content exchanged", nil, nil, seal.ErrBadSignature},
		{"signature removed", edit(func(d map[string]any) { delete(envelope(d), "signatures") }), nil, seal.ErrMalformed},
		{"two signatures", edit(func(d map[string]any) {
			s := envelope(d)["signatures"].([]any)
			envelope(d)["signatures"] = append(s, s[0])
		}), nil, seal.ErrMalformed},
		{"payload type changed", edit(func(d map[string]any) { envelope(d)["payloadType"] = "text/plain" }), nil, seal.ErrMalformed},
		{"older media type", edit(func(d map[string]any) { d["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2" }), nil, seal.ErrMalformed},
		{"unknown field", edit(func(d map[string]any) { d["note"] = "hello" }), nil, seal.ErrMalformed},
		{"no verification material", edit(func(d map[string]any) { delete(d, "verificationMaterial") }), nil, seal.ErrMalformed},
		{"duplicate field", bytes.Replace(good, []byte(`{"mediaType"`), []byte(`{"mediaType":"x","mediaType"`), 1), nil, seal.ErrMalformed},
		{"truncated", good[:len(good)/2], nil, seal.ErrMalformed},
		{"empty", nil, func(*seal.Policy) {}, seal.ErrMalformed},
		{"expired key", good, func(p *seal.Policy) { p.Now = now.AddDate(2, 0, 0) }, seal.ErrKeyExpired},
		{"key not valid yet", good, func(p *seal.Policy) { p.Now = now.AddDate(-2, 0, 0) }, seal.ErrKeyNotYetValid},
		{"another predicate type", good, func(p *seal.Policy) { p.PredicateType = "https://example.org/other/v1" }, seal.ErrPredicateType},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name == "content exchanged" {
				tc.bundle = bytes.Replace(good, []byte(payloadOf(t, good)), []byte(payload), 1)
			}
			p := trusting(key)
			if tc.policy != nil {
				tc.policy(&p)
			}
			if _, err := verifier(t, p).Verify(tc.bundle); !errors.Is(err, tc.want) {
				t.Errorf("error is %v, want %v", err, tc.want)
			}
		})
	}
}

func payloadOf(t *testing.T, bundle []byte) string {
	t.Helper()
	var doc struct {
		DsseEnvelope struct{ Payload string }
	}
	if err := json.Unmarshal(bundle, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.DsseEnvelope.Payload
}

// TestEveryByteCounts: no byte of a signed bundle can be changed, in any of its
// bits, so that it still verifies.
func TestEveryByteCounts(t *testing.T) {
	key := newKey(t, "ed25519")
	good := signed(t, key)
	v := verifier(t, trusting(key))
	if _, err := v.Verify(good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			if _, err := v.Verify(bad); err == nil {
				t.Fatalf("byte %d of %d (%q) with bit %d flipped still verifies", i, len(good), good[i], bit)
			}
		}
	}
	for n := range good {
		if _, err := v.Verify(good[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes verify", n, len(good))
		}
	}
}

func TestAnIncompletePolicyIsRefused(t *testing.T) {
	full := trusting(newKey(t, "p256"))
	for name, change := range map[string]func(*seal.Policy){
		"no keys":           func(p *seal.Policy) { p.Keys = nil },
		"no predicate type": func(p *seal.Policy) { p.PredicateType = "" },
		"no clock":          func(p *seal.Policy) { p.Now = time.Time{} },
		"no key period":     func(p *seal.Policy) { p.Keys[0].NotAfter = time.Time{} },
		"period reversed":   func(p *seal.Policy) { p.Keys[0].NotAfter = p.Keys[0].NotBefore.AddDate(-1, 0, 0) },
		"nameless key":      func(p *seal.Policy) { p.Keys[0].Name = "" },
		"missing key":       func(p *seal.Policy) { p.Keys[0].Public = nil },
	} {
		p := full
		p.Keys = []seal.Key{full.Keys[0]}
		change(&p)
		if _, err := seal.NewVerifier(p); !errors.Is(err, seal.ErrPolicy) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestEncryptedKey(t *testing.T) {
	key := newKey(t, "p256")
	file := cosignKey(t, key, "secret")
	if _, err := seal.LoadSigner(file, func() ([]byte, error) { return []byte("secret"), nil }); err != nil {
		t.Error(err)
	}
	for name, pass := range map[string]func() ([]byte, error){"wrong passphrase": func() ([]byte, error) { return []byte("no"), nil }, "none": nil} {
		if _, err := seal.LoadSigner(file, pass); !errors.Is(err, seal.ErrKey) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func cosignKey(t *testing.T, key crypto.Signer, pass string) []byte {
	t.Helper()
	box, err := encrypted.Encrypt(pkcs8(t, key), []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: box})
}

// cosign finds the real cosign: $COSIGN, or the one on the path.
func cosign(t *testing.T) string {
	t.Helper()
	name := os.Getenv("COSIGN")
	if name == "" {
		name = "cosign"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("cosign is not installed: go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3, or set COSIGN")
	}
	return path
}

// TestCosignAcceptsOurs: a stranger verifies our bundle with cosign alone.
func TestCosignAcceptsOurs(t *testing.T) {
	tool := cosign(t)
	for _, kind := range []string{"p256", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			key := newKey(t, kind)
			pub, err := signerOf(t, key).PublicKeyPEM()
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, "k.pub", pub)
			put(t, dir, "b.json", signed(t, key))
			run := func(digest string) error {
				cmd := exec.Command(tool, "verify-blob-attestation", "--key", "k.pub", "--bundle", "b.json", "--insecure-ignore-tlog",
					"--type", predicateType, "--digest", digest, "--digestAlg", "sha256")
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
				out, err := cmd.CombinedOutput()
				t.Logf("%s", out)
				return err
			}
			if err := run(blobSHA256); err != nil {
				t.Errorf("cosign refuses our bundle: %v", err)
			}
			if err := run(strings.Repeat("0", 64)); err == nil {
				t.Error("cosign accepts our bundle for another file")
			}
		})
	}
}

// TestWeAcceptCosigns: we verify what cosign signs.
func TestWeAcceptCosigns(t *testing.T) {
	tool := cosign(t)
	dir := t.TempDir()
	key := newKey(t, "p256")
	put(t, dir, "cosign.key", cosignKey(t, key, "secret"))
	put(t, dir, "blob", []byte(blob))
	put(t, dir, "p.json", []byte(`{"vendor":"Example"}`))
	cmd := exec.Command(tool, "attest-blob", "--key", "cosign.key", "--predicate", "p.json", "--type", predicateType,
		"--bundle", "c.json", "--yes", "--use-signing-config=false", "--tlog-upload=false", "blob")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "COSIGN_PASSWORD=secret")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "c.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier(t, trusting(key)).Verify(text); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := verifier(t, trusting(newKey(t, "p256"))).Verify(text); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("with another key: %v", err)
	}
}

func put(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzVerify(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	v, err := seal.NewVerifier(trusting(key))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"MEUC"}]}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := v.Verify(b); err == nil {
			t.Errorf("a bundle that nobody signed verifies: %+v", got)
		}
		_, _ = seal.Unverified(b)
	})
}
