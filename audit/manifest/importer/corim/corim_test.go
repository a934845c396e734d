package corim_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/corim"
)

type m = map[any]any

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

func env(vendor, model string) m { return m{0: m{1: vendor, 2: model}} }

// measured is a measurement of a version with digests.
func measured(version string, digests ...any) m {
	return m{0: "vbios", 1: m{0: m{0: version}, 2: digests}}
}

func digest(algorithm any, value []byte) []any { return []any{algorithm, value} }

// document is an unsigned CoRIM with one CoMID of these triples.
func document(t testing.TB, triples m) []byte {
	t.Helper()
	comid := encode(t, m{1: m{0: "tag"}, 4: triples})
	return encode(t, cbor.Tag{Number: 501, Content: m{0: "id", 1: []any{cbor.Tag{Number: 506, Content: comid}}}})
}

func good(t testing.TB) []byte {
	return document(t, m{0: []any{[]any{env("ACME", "Roadrunner"), []any{measured("1.0", digest(1, sum(1, 32)), digest(7, sum(2, 48)), digest("sha-512", sum(3, 64)))}}}})
}

// sign wraps a document in a COSE_Sign1 with tag 18.
func sign(t testing.TB, doc []byte, key crypto.Signer, algorithm cose.Algorithm) []byte {
	t.Helper()
	signer, err := cose.NewSigner(algorithm, key)
	if err != nil {
		t.Fatal(err)
	}
	msg := cose.NewSign1Message()
	msg.Headers.Protected.SetAlgorithm(algorithm)
	msg.Headers.Protected[cose.HeaderLabelContentType] = "application/rim+cbor"
	msg.Payload = doc
	if err := msg.Sign(rand.Reader, nil, signer); err != nil {
		t.Fatal(err)
	}
	b, err := msg.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signMany wraps a document in a COSE_Sign with tag 98.
func signMany(t testing.TB, doc []byte, keys ...*ecdsa.PrivateKey) []byte {
	t.Helper()
	msg := cose.NewSignMessage()
	msg.Payload = doc
	var signers []cose.Signer
	for _, k := range keys {
		s, err := cose.NewSigner(cose.AlgorithmES384, k)
		if err != nil {
			t.Fatal(err)
		}
		sig := cose.NewSignature()
		sig.Headers.Protected.SetAlgorithm(cose.AlgorithmES384)
		msg.Signatures, signers = append(msg.Signatures, sig), append(signers, s)
	}
	if err := msg.Sign(rand.Reader, nil, signers...); err != nil {
		t.Fatal(err)
	}
	b, err := msg.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func p384(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keys(public ...crypto.PublicKey) []importer.Key {
	var list []importer.Key
	for _, p := range public {
		list = append(list, importer.Key{Name: "our key", Public: p})
	}
	return list
}

var rom = corim.Options{Kind: manifest.OptionROM}

func TestReferenceValues(t *testing.T) {
	sha256, sha384 := strings.Repeat("01", 32), strings.Repeat("02", 48)
	for _, wrap := range []func([]byte) []byte{
		func(b []byte) []byte { return b },
		func(b []byte) []byte { return encode(t, cbor.RawTag{Number: 500, Content: b}) },
	} {
		r, err := corim.Import(wrap(good(t)), "x.cbor", rom)
		if err != nil {
			t.Fatal(err)
		}
		f := r.Firmware[0]
		if len(r.Firmware) != 1 || f.SHA256 != sha256 || f.SHA384 != sha384 || f.Version != "1.0" || f.Kind != manifest.OptionROM || r.Provenance.Signature != manifest.SignatureUnsigned {
			t.Errorf("%+v", r)
		}
	}
	r, err := corim.Import(good(t), "x.cbor", corim.Options{Kind: manifest.RuntimeFile})
	if err != nil || r.Firmware[0].File != "vbios" || r.Firmware[0].SHA256 != sha256 || r.Firmware[0].SHA384 != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestSafeReview: the firmware that a review is of is in the conditions of an
// endorsement, its version in what is endorsed.
func TestSafeReview(t *testing.T) {
	condition := []any{env("ACME", "Roadrunner"), []any{m{1: m{2: []any{digest(-43, sum(2, 48)), digest(-44, sum(3, 64))}}}}}
	review := []any{env("ACME", "Roadrunner"), []any{m{1: m{-1: m{0: "1.1", 4: []any{m{0: m{0: "1.2.3"}}}}}}}}
	triples := m{10: []any{[]any{[]any{condition}, []any{review}}}}
	for _, oid := range []string{"\x06\x0a\x2b\x06\x01\x04\x01\x82\xf4\x17\x01\x01", "\x2b\x06\x01\x04\x01\x82\xcc\x7f\x01\x01"} {
		doc := profiled(t, triples, cbor.Tag{Number: 111, Content: []byte(oid)})
		r, err := corim.Import(doc, "sfr.cbor", rom)
		if err != nil || len(r.Firmware) != 1 || r.Firmware[0].Version != "1.2.3" || r.Firmware[0].SHA384 != strings.Repeat("02", 48) || len(r.Provenance.Unmapped) != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	// Outside of that profile a condition endorses nothing: what it names may be
	// what is vulnerable.
	for name, doc := range map[string][]byte{
		"no profile":          document(t, triples),
		"another profile":     profiled(t, triples, "http://example.com/example-profile"),
		"another OID":         profiled(t, triples, cbor.Tag{Number: 111, Content: []byte("\x2b\x06\x01")}),
		"the OID, but no tag": profiled(t, triples, []byte("\x2b\x06\x01\x04\x01\x82\xcc\x7f\x01\x01")),
	} {
		if _, err := corim.Import(doc, "x", rom); !errors.Is(err, importer.ErrNothing) || !strings.Contains(err.Error(), "a conditional endorsement") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// profiled is a CoRIM of a profile.
func profiled(t testing.TB, triples m, profile any) []byte {
	t.Helper()
	comid := encode(t, m{1: m{0: "tag"}, 4: triples})
	return encode(t, cbor.Tag{Number: 501, Content: m{0: "id", 1: []any{cbor.Tag{Number: 506, Content: comid}}, 3: profile}})
}

// TestProfilesOwnKeys: key -1 is each profile's own, and no fault of a document.
func TestProfilesOwnKeys(t *testing.T) {
	for _, own := range []any{1700000000, "text", []any{1}, m{4: "x"}, m{4: []any{m{0: m{0: "9.9"}}}}} {
		value := m{0: "vbios", 1: m{0: m{0: "1.0"}, 2: []any{digest(1, sum(1, 32))}, -1: own}}
		doc := profiled(t, m{0: []any{[]any{env("ACME", "Roadrunner"), []any{value}}}}, "http://example.com/example-profile")
		r, err := corim.Import(doc, "x", rom)
		if err != nil || len(r.Firmware) != 1 || r.Firmware[0].Version != "1.0" {
			t.Errorf("%v: %+v, %v", own, r, err)
		}
	}
}

func TestTrueReasons(t *testing.T) {
	triples := m{0: []any{[]any{env("ACME", "Roadrunner"), []any{measured("1.0", digest(7, sum(2, 48)))}}}}
	if _, err := corim.Import(encode(t, m{1: m{0: "tag"}, 4: triples}), "x", rom); !errors.Is(err, importer.ErrMalformed) || !strings.Contains(err.Error(), "a CoMID, not the CoRIM") {
		t.Errorf("a bare CoMID: %v", err)
	}
	_, err := corim.Import(document(t, triples), "x", corim.Options{Kind: manifest.RuntimeFile})
	if !errors.Is(err, importer.ErrNothing) || !strings.Contains(err.Error(), "no SHA-256, by which installed files are compared") {
		t.Errorf("SHA-384 alone for a file: %v", err)
	}
}

func TestModels(t *testing.T) {
	two := document(t, m{0: []any{
		[]any{env("ACME", "Roadrunner"), []any{measured("1", digest(1, sum(1, 32)))}},
		[]any{env("ACME", "Coyote"), []any{measured("2", digest(1, sum(2, 32)))}},
	}})
	if _, err := corim.Import(two, "x", rom); err == nil || !strings.Contains(err.Error(), `["ACME Roadrunner" "ACME Coyote"]`) {
		t.Errorf("error is %v", err)
	}
	for _, model := range []string{"Coyote", "ACME Coyote"} {
		r, err := corim.Import(two, "x", corim.Options{Kind: manifest.OptionROM, Model: model})
		if err != nil || len(r.Firmware) != 1 || r.Firmware[0].Version != "2" {
			t.Errorf("%s: %+v, %v", model, r, err)
		}
	}
	if _, err := corim.Import(two, "x", corim.Options{Kind: manifest.OptionROM, Model: "Bugs"}); !errors.Is(err, importer.ErrNothing) {
		t.Errorf("error is %v", err)
	}
}

func TestSignatures(t *testing.T) {
	us, them := p384(t), p384(t)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(t, good(t), us, cose.AlgorithmES384)
	changed := bytes.Replace(signed, []byte("Roadrunner"), []byte("Roadrunnes"), 1)
	for _, tc := range []struct {
		name string
		doc  []byte
		keys []importer.Key
		want string
	}{
		{"ES384", signed, keys(us.Public()), "verified"},
		{"inside the older tags", encode(t, cbor.RawTag{Number: 500, Content: encode(t, cbor.RawTag{Number: 502, Content: signed})}), keys(us.Public()), "verified"},
		{"EdDSA", sign(t, good(t), ed, cose.AlgorithmEdDSA), keys(ed.Public()), "verified"},
		{"PS384", sign(t, good(t), rsaKey, cose.AlgorithmPS384), keys(rsaKey.Public()), "verified"},
		{"one of several keys", signed, keys(them.Public(), ed.Public(), us.Public()), "verified"},
		{"no key", signed, nil, "unverified"},
		{"no key, and changed", changed, nil, "unverified"},
		{"another key", signed, keys(them.Public()), "failed"},
		{"changed", changed, keys(us.Public()), "failed"},
		{"P-384 with SHA-256", sign(t, good(t), us, cose.AlgorithmES256), keys(us.Public()), "failed"},
		{"unsigned, with a key", good(t), keys(us.Public()), "failed"},
		{"two signatures, one of ours", signMany(t, good(t), them, us), keys(us.Public()), "verified"},
		{"two signatures, none of ours", signMany(t, good(t), them, them), keys(us.Public()), "failed"},
		{"unsigned", good(t), nil, "unsigned"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := corim.Import(tc.doc, "x.cbor", corim.Options{Kind: manifest.OptionROM, Keys: tc.keys})
			if err != nil {
				t.Fatal(err)
			}
			if p := r.Provenance; p.Signature != tc.want || (p.Signer != "") != (tc.want == "verified") || len(r.Firmware) != 1 {
				t.Errorf("provenance is %+v, want %s", p, tc.want)
			}
		})
	}
}

// TestEveryBitOfASignedOne: with a key, a changed document is refused or failed.
func TestEveryBitOfASignedOne(t *testing.T) {
	us := p384(t)
	signed := sign(t, good(t), us, cose.AlgorithmES384)
	for i := range signed {
		for bit := range 8 {
			bad := bytes.Clone(signed)
			bad[i] ^= 1 << bit
			r, err := corim.Import(bad, "x", corim.Options{Kind: manifest.OptionROM, Keys: keys(us.Public())})
			if err == nil && r.Provenance.Signature == manifest.SignatureVerified {
				t.Fatalf("bit %d of byte %d of %d can be changed", bit, i, len(signed))
			}
		}
	}
}

func TestRefused(t *testing.T) {
	values := func(v ...any) []byte {
		return document(t, m{0: []any{[]any{env("ACME", "R"), []any{m{1: m{2: v}}}}}})
	}
	for _, tc := range []struct {
		name string
		doc  []byte
		want error
		text string
	}{
		{"no CBOR", []byte("text"), importer.ErrMalformed, ""},
		{"a CWT", encode(t, cbor.Tag{Number: 61, Content: m{}}), importer.ErrMalformed, "tag 61"},
		{"cut off", good(t)[:60], importer.ErrMalformed, ""},
		{"something behind it", append(good(t), 0), importer.ErrMalformed, "extraneous"},
		{"SHA-384 of 256 bits", values(digest(7, sum(1, 32))), importer.ErrMalformed, "sha-384 digest of 256 bits"},
		{"SHA-512 of 256 bits", values(digest(-44, sum(1, 32))), importer.ErrMalformed, "sha-512 digest of 256 bits"},
		{"two SHA-256 of one thing", values(digest(1, sum(1, 32)), digest(-16, sum(2, 32))), importer.ErrMalformed, "two sha-256"},
		{"SHA-512 alone", values(digest(8, sum(1, 64))), importer.ErrNothing, ""},
		{"a truncated SHA-256", values(digest(2, sum(1, 16))), importer.ErrNothing, ""},
		{"no triples", document(t, m{}), importer.ErrNothing, ""},
		{"a map with a key twice", []byte("\xd9\x01\xf5\xa2\x00\x61a\x00\x61b"), importer.ErrMalformed, "duplicate"},
		{"signed twice", sign(t, sign(t, good(t), p384(t), cose.AlgorithmES384), p384(t), cose.AlgorithmES384), importer.ErrMalformed, "inside a signed one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := corim.Import(tc.doc, "x", rom)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
}

// TestPeer reads what github.com/veraison/corim v1.1.2 wrote, from a template
// with our values: an independent encoder.
func TestPeer(t *testing.T) {
	key, err := os.ReadFile("testdata/veraison.pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := importer.ParseKeys(key, "veraison.pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"veraison.cbor": manifest.SignatureFailed, "veraison.signed.cbor": manifest.SignatureVerified} {
		doc, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		r, err := corim.Import(doc, file, corim.Options{Kind: manifest.OptionROM, Keys: trusted})
		if err != nil || r.Provenance.Signature != want || len(r.Firmware) != 1 || r.Firmware[0].SHA384 != strings.Repeat("ab", 48) || r.Firmware[0].Version != "95.02.3c.40.b6" {
			t.Errorf("%s: %+v, %v", file, r, err)
		}
	}
}

// TestRealReviews reads signed reviews in a folder that CORIM names.
func TestRealReviews(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("CORIM"), "*.cbor"))
	if os.Getenv("CORIM") == "" || len(files) == 0 {
		t.Skip("CORIM names no folder with .cbor files")
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := corim.Import(doc, filepath.Base(file), rom)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		t.Logf("%v %+v", r.Firmware, r.Provenance)
	}
}

func FuzzImport(f *testing.F) {
	us := p384(f)
	f.Add(good(f))
	f.Add(sign(f, good(f), us, cose.AlgorithmES384))
	f.Add(signMany(f, good(f), us))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []string{manifest.OptionROM, manifest.RuntimeFile} {
			r, err := corim.Import(b, "x", corim.Options{Kind: kind, Keys: keys(us.Public())})
			if err != nil {
				continue
			}
			for _, firmware := range r.Firmware {
				if len(firmware.SHA256) != 64 && len(firmware.SHA384) != 96 {
					t.Errorf("%+v", firmware)
				}
			}
		}
	})
}
