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
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
)

const (
	predicateType = "https://example.org/test/v1"
	blob          = "the firmware image"
	blobSHA256    = "0e1b5ac5b7e58e0b25dbd1c1e0f3df3d2b9a4dc1d5d2f7d2c9ad5a6e1f6f9b11"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func newKey(t testing.TB, kind string) crypto.Signer {
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

func pkcs8(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func signerOf(t testing.TB, key crypto.Signer) *seal.Signer {
	t.Helper()
	s, err := seal.LoadSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8(t, key)}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statement(t testing.TB, digest string) []byte {
	t.Helper()
	s, err := seal.NewStatement([]seal.Subject{{Name: "card.rom", Digest: map[string]string{"sha256": digest}}}, predicateType, map[string]string{"vendor": "Example"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	b, err := seal.Sign(t.Context(), statement(t, blobSHA256), signerOf(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func trusting(keys ...crypto.Signer) seal.Policy {
	p := seal.Policy{PredicateType: predicateType, Now: now}
	for i, k := range keys {
		p.Keys = append(p.Keys, seal.Key{Name: fmt.Sprintf("key%d", i), Public: k.Public(), NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), Witness: seal.NoWitness})
	}
	return p
}

func verifier(t testing.TB, p seal.Policy) *seal.Verifier {
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
			if got.Signer != "key1" || got.Statement.Subject[0].Digest["sha256"] != blobSHA256 || string(got.Statement.Predicate) != `{"vendor":"Example"}` {
				t.Errorf("verified %+v", got)
			}
		})
	}
}

// TestEveryFailureHasItsName: damage and wrong policies, each with its error;
// and what is an encoder's choice, which is no damage.
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
	hinted := func(doc map[string]any) map[string]any {
		return doc["verificationMaterial"].(map[string]any)["publicKey"].(map[string]any)
	}
	payload := base64.StdEncoding.EncodeToString(statement(t, strings.Repeat("0", 64)))
	for _, tc := range []struct {
		name   string
		bundle []byte
		policy func(*seal.Policy)
		want   error
	}{
		{"fields in another order", edit(func(map[string]any) {}), nil, nil},
		{"white space", indented(t, good), nil, nil},
		{"empty key id", edit(func(d map[string]any) { envelope(d)["signatures"].([]any)[0].(map[string]any)["keyid"] = "" }), nil, nil},
		{"no hint", edit(func(d map[string]any) { delete(hinted(d), "hint") }), nil, nil},
		{"unknown key", signed(t, other), nil, seal.ErrUnknownKey},
		{"unknown key, no hint", edit(func(d map[string]any) { delete(hinted(d), "hint") }), func(p *seal.Policy) { *p = trusting(other) }, seal.ErrUnknownKey},
		{"hint of another trusted key", edit(func(d map[string]any) { hinted(d)["hint"] = hintOf(t, signed(t, other)) }),
			func(p *seal.Policy) { *p = trusting(key, other) }, seal.ErrBadSignature},
		{"hint of nobody", edit(func(d map[string]any) { hinted(d)["hint"] = "x" }), nil, seal.ErrUnknownKey},
		{"name of a field in protobuf's other spelling", bytes.Replace(good, []byte("mediaType"), []byte("media_type"), 1), nil, seal.ErrMalformed},
		{"payload in URL base64", bytes.Replace(good, []byte(payloadOf(t, good)), []byte(strings.TrimRight(payloadOf(t, good), "=")), 1), nil, seal.ErrMalformed},
		{"content exchanged", nil, nil, seal.ErrBadSignature},
		{"signature removed", edit(func(d map[string]any) { delete(envelope(d), "signatures") }), nil, seal.ErrMalformed},
		{"two signatures", edit(func(d map[string]any) {
			s := envelope(d)["signatures"].([]any)
			envelope(d)["signatures"] = append(s, s[0])
		}), nil, seal.ErrMalformed},
		{"payload type changed", edit(func(d map[string]any) { envelope(d)["payloadType"] = "text/plain" }), nil, seal.ErrPayloadType},
		{"older media type", edit(func(d map[string]any) { d["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1" }), nil, seal.ErrMalformed},
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
			if _, err := verifier(t, p).Verify(tc.bundle); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("error is %v, want %v", err, tc.want)
			}
		})
	}
}

// outline is what the tests look at inside a bundle.
type outline struct {
	DsseEnvelope         struct{ Payload string }
	VerificationMaterial struct{ PublicKey struct{ Hint string } }
}

func outlineOf(t *testing.T, bundle []byte) outline {
	t.Helper()
	var doc outline
	if err := json.Unmarshal(bundle, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func payloadOf(t *testing.T, bundle []byte) string { return outlineOf(t, bundle).DsseEnvelope.Payload }
func hintOf(t *testing.T, bundle []byte) string {
	return outlineOf(t, bundle).VerificationMaterial.PublicKey.Hint
}

func indented(t *testing.T, bundle []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, bundle, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEveryByteCounts: no byte of a signed bundle can be changed, in any of its
// bits, so that it still verifies.
func TestEveryByteCounts(t *testing.T) {
	for _, kind := range []string{"p256", "ed25519"} {
		t.Run(kind, func(t *testing.T) { everyByteCounts(t, newKey(t, kind)) })
	}
}

func everyByteCounts(t *testing.T, key crypto.Signer) {
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
		"a name twice":      func(p *seal.Policy) { p.Keys = append(p.Keys, trusting(newKey(t, "p256")).Keys[0]) },
		"a key twice":       func(p *seal.Policy) { k := p.Keys[0]; k.Name = "other"; p.Keys = append(p.Keys, k) },
		"missing key":       func(p *seal.Policy) { p.Keys[0].Public = nil },
		"witness not said":  func(p *seal.Policy) { p.Keys[0].Witness = 0 },
		"none and some":     func(p *seal.Policy) { p.Keys[0].Witness = seal.NoWitness | seal.Log },
		"unknown witness":   func(p *seal.Policy) { p.Keys[0].Witness = 64 },
		"no authority":      func(p *seal.Policy) { p.Keys[0].Witness = seal.Timestamp },
		"no log":            func(p *seal.Policy) { p.Keys[0].Witness = seal.Log },
	} {
		p := full
		p.Keys = []seal.Key{full.Keys[0]}
		change(&p)
		if _, err := seal.NewVerifier(p); !errors.Is(err, seal.ErrPolicy) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestAnIncompleteIdentityIsRefused(t *testing.T) {
	l := newLab(t)
	for name, change := range map[string]func(*seal.Policy){
		"no root":       func(p *seal.Policy) { p.Root = nil },
		"no authority":  func(p *seal.Policy) { p.Root = l.root(sealtest.Parts{Log: true, Timestamps: true}) },
		"no name":       func(p *seal.Policy) { p.Identities[0].Name = "" },
		"no subject":    func(p *seal.Policy) { p.Identities[0].Subject = "" },
		"subject twice": func(p *seal.Policy) { p.Identities[0].SubjectPattern = ".*" },
		"no issuer":     func(p *seal.Policy) { p.Identities[0].Issuer = "" },
		"bad pattern":   func(p *seal.Policy) { p.Identities[0].Issuer, p.Identities[0].IssuerPattern = "", "(" },
		"long pattern": func(p *seal.Policy) {
			p.Identities[0].Issuer, p.Identities[0].IssuerPattern = "", strings.Repeat("a", 2000)
		},
		"no period":        func(p *seal.Policy) { p.Identities[0].NotAfter = time.Time{} },
		"witness not said": func(p *seal.Policy) { p.Identities[0].Witness = 0 },
		"no witness":       func(p *seal.Policy) { p.Identities[0].Witness = seal.NoWitness },
		"a name twice":     func(p *seal.Policy) { p.Identities = append(p.Identities, p.Identities[0]) },
		"a key's name": func(p *seal.Policy) {
			p.Keys = l.trustingKey(newKey(t, "p256"), seal.Log).Keys
			p.Keys[0].Name = "release"
		},
	} {
		p := l.believing()
		change(&p)
		if _, err := seal.NewVerifier(p); !errors.Is(err, seal.ErrPolicy) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
