package ocpsafe_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/ocpsafe"
)

// report is a short-form report with these digests.
func report(sha384, sha512 string) []byte {
	return []byte(`{"review_framework_version":"1.1","device":{"vendor":"Example","product":"Accelerator","category":"GPU - VBIOS","repo_tag":"","fw_version":"v1.2","fw_hash_sha2_384":"` + sha384 +
		`","fw_hash_sha2_512":"` + sha512 + `"},"audit":{"srp":"Reviewers","methodology":"whitebox","scope":"1","completion_date":"2026-11-01","report_version":"1.0","cvss_version":"3.1","issues":[{"title":"t","cvss_score":"7.9","cvss_vector":"AV:L","cwe":"CWE-111","description":"d","cve":null}]}}`)
}

func good() []byte { return report(strings.Repeat("a", 96), strings.Repeat("b", 128)) }

func sign(t testing.TB, payload []byte, alg jose.SignatureAlgorithm, key any, opts *jose.SignerOptions) []byte {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

func ec(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keys(public ...crypto.PublicKey) []importer.Key {
	var list []importer.Key
	for _, p := range public {
		list = append(list, importer.Key{Name: "reviewers.pub", Public: p})
	}
	return list
}

func TestSignatures(t *testing.T) {
	us, them := ec(t, elliptic.P521()), ec(t, elliptic.P521())
	small := ec(t, elliptic.P384())
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(t, good(), jose.ES512, us, nil)
	parts := strings.Split(string(signed), ".")
	other := base64.RawURLEncoding.EncodeToString(report(strings.Repeat("c", 96), ""))
	for _, tc := range []struct {
		name string
		doc  []byte
		keys []importer.Key
		want string
	}{
		{"ES512", signed, keys(us.Public()), "verified"},
		{"with white space around", append([]byte("\n"), append(bytes.Clone(signed), '\n')...), keys(us.Public()), "verified"},
		{"ES384", sign(t, good(), jose.ES384, small, nil), keys(us.Public(), small.Public()), "verified"},
		{"PS512", sign(t, good(), jose.PS512, rsaKey, nil), keys(rsaKey.Public()), "verified"},
		{"no key", signed, nil, "unverified"},
		{"another key", signed, keys(them.Public()), "failed"},
		{"another payload", []byte(parts[0] + "." + other + "." + parts[2]), keys(us.Public()), "failed"},
		{"a key in the header", sign(t, good(), jose.ES512, them, &jose.SignerOptions{EmbedJWK: true}), keys(us.Public()), "failed"},
		{"a key in the header alone", sign(t, good(), jose.ES512, them, &jose.SignerOptions{EmbedJWK: true}), nil, "unverified"},
		{"bare", good(), nil, "unsigned"},
		{"bare, with a key", good(), keys(us.Public()), "failed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := ocpsafe.Import(tc.doc, "r.jws", ocpsafe.Options{Kind: manifest.OptionROM, Keys: tc.keys})
			if err != nil {
				t.Fatal(err)
			}
			if p := r.Provenance; p.Signature != tc.want || (p.Signer != "") != (tc.want == "verified") || len(r.Firmware) != 1 {
				t.Errorf("%+v, want %s", r, tc.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	r, err := ocpsafe.Import(good(), "r.json", ocpsafe.Options{Kind: manifest.OptionROM})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Firmware[0]
	if f.SHA384 != strings.Repeat("a", 96) || f.SHA256 != "" || f.Version != "v1.2" || f.Kind != manifest.OptionROM ||
		strings.Join(r.Provenance.Unmapped, "; ") != "reviewed: Example Accelerator, GPU - VBIOS; the review: by Reviewers, of 2026-11-01, scope 1, open issues: 1" {
		t.Errorf("%+v", r)
	}
}

func TestRefused(t *testing.T) {
	us := ec(t, elliptic.P521())
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(good()) + "."
	for _, tc := range []struct {
		name string
		doc  []byte
		want error
		text string
	}{
		{"alg none", []byte(none), importer.ErrMalformed, "JWS"},
		{"a MAC", sign(t, good(), jose.HS512, bytes.Repeat([]byte("k"), 64), nil), importer.ErrMalformed, "HS512"},
		{"ES256", sign(t, good(), jose.ES256, ec(t, elliptic.P256()), nil), importer.ErrMalformed, "ES256"},
		{"cut off", sign(t, good(), jose.ES512, us, nil)[:90], importer.ErrMalformed, "JWS"},
		{"text", []byte("text"), importer.ErrMalformed, "JWS"},
		{"a field twice", bytes.Replace(good(), []byte(`"device":{`), []byte(`"device":{"vendor":"x",`), 1), importer.ErrMalformed, "duplicate"},
		{"SHA-512 of 256 bits", report(strings.Repeat("a", 96), strings.Repeat("b", 64)), importer.ErrMalformed, "fw_hash_sha2_512: malformed document: a sha-512 digest of 256 bits"},
		{"SHA-384 that is no hexadecimal", report("x", ""), importer.ErrMalformed, "fw_hash_sha2_384"},
		{"SHA-512 alone", report("", strings.Repeat("b", 128)), importer.ErrNothing, "no SHA-256 and no SHA-384"},
		{"no digests", []byte("{}"), importer.ErrNothing, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := ocpsafe.Import(tc.doc, "x", ocpsafe.Options{Kind: manifest.OptionROM}); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
	if _, err := ocpsafe.Import(good(), "x", ocpsafe.Options{Kind: manifest.RuntimeFile}); !errors.Is(err, importer.ErrNothing) {
		t.Errorf("a run-time file without SHA-256: %v", err)
	}
}

// TestPublishedReports verifies what the project publishes: OCP_SAFE names a
// checkout of github.com/opencomputeproject/OCP-Security-SAFE.
func TestPublishedReports(t *testing.T) {
	root := os.Getenv("OCP_SAFE")
	if root == "" {
		t.Skip("OCP_SAFE names no checkout of OCP-Security-SAFE")
	}
	var trusted []importer.Key
	err := filepath.WalkDir(filepath.Join(root, "SRP_certificates"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		list, err := importer.ParseKeys(text, d.Name())
		if err == nil {
			trusted = append(trusted, list...)
		}
		return nil
	})
	if err != nil || len(trusted) == 0 {
		t.Fatal(len(trusted), err)
	}
	count := map[string]int{}
	err = filepath.WalkDir(filepath.Join(root, "Reports"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".jws" && filepath.Ext(name) != ".jwt" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		r, err := ocpsafe.Import(text, d.Name(), ocpsafe.Options{Kind: manifest.OptionROM, Keys: trusted})
		if err != nil {
			count[err.Error()[:min(len(err.Error()), 80)]]++
			return nil
		}
		count[r.Provenance.Signature+" "+r.Provenance.Signer]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	verified := 0
	for what, n := range count {
		t.Log(n, what)
		if strings.HasPrefix(what, "verified") {
			verified += n
		}
	}
	if verified == 0 {
		t.Error("no report was verified")
	}
}

func FuzzImport(f *testing.F) {
	us := ec(f, elliptic.P521())
	f.Add(good())
	f.Add(sign(f, good(), jose.ES512, us, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ocpsafe.Import(b, "x", ocpsafe.Options{Kind: manifest.OptionROM, Keys: keys(us.Public())})
		if err == nil && (len(r.Firmware) != 1 || len(r.Firmware[0].SHA384) != 96) {
			t.Errorf("%+v", r)
		}
	})
}
