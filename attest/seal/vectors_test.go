package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
)

// anybody is a policy under which every identity may sign, with the root that a
// vector has beside it or sigstore's public one.
func anybody(t *testing.T, dir string) seal.Policy {
	t.Helper()
	r, err := seal.PublicGood()
	if text, failed := os.ReadFile(filepath.Join(dir, "trusted_root.json")); failed == nil {
		r, err = seal.ParseRoot(text)
	} else if !errors.Is(failed, fs.ErrNotExist) {
		err = failed
	}
	if err != nil {
		t.Fatal(err)
	}
	forever := seal.GivenKey(nil)
	return seal.Policy{Root: r, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), PredicateType: "https://slsa.dev/provenance/v1",
		Identities: []seal.Identity{{Name: "anybody", SubjectPattern: ".*", IssuerPattern: ".*", Witness: seal.Log,
			NotBefore: forever.NotBefore, NotAfter: forever.NotAfter}}}
}

// TestConformanceVectors runs the vectors of sigstore's conformance suite that
// sign statements: a name that ends in _fail must be refused.
func TestConformanceVectors(t *testing.T) {
	dirs, _ := filepath.Glob("../../../shared/cases/sigstore/*")
	if len(dirs) == 0 {
		t.Skip("no ../shared/cases/sigstore beside the checkout")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, "bundle.sigstore.json"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = verifier(t, anybody(t, dir)).Verify(text)
			if bad := strings.HasSuffix(dir, "_fail"); bad == (err == nil) {
				t.Errorf("refused %t, and the answer is %v", bad, err)
			}
		})
	}
}

// withCheckpoint changes the checkpoint of a bundle's log entry.
func withCheckpoint(t *testing.T, text []byte, change func(string) string) []byte {
	return edited(t, text, func(d map[string]any) {
		proof := d["verificationMaterial"].(map[string]any)["tlogEntries"].([]any)[0].(map[string]any)["inclusionProof"].(map[string]any)
		checkpoint := proof["checkpoint"].(map[string]any)
		checkpoint["envelope"] = change(checkpoint["envelope"].(string))
	})
}

func edited(t *testing.T, text []byte, change func(map[string]any)) []byte {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	change(d)
	again, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// cosigned is a line of a witness (C2SP tlog-cosignature): key id, time, and a
// signature that nobody here can verify.
func cosigned(name string, fill byte) string {
	return "\u2014 " + name + " " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 4+8+64)) + "\n"
}

// TestCosignedCheckpoints: witnesses may have signed a checkpoint beside the log.
// They neither harm nor stand in for the log.
func TestCosignedCheckpoints(t *testing.T) {
	l := newLab(t)
	one, two := cosigned("witness.example", 1), cosigned("witness.example/ring-any-bells", 2)
	after := func(lines string) func(string) string { return func(s string) string { return s + lines } }
	split := func(s string) (text, signature string) {
		i := strings.Index(s, "\n\n") + 2
		return s[:i], s[i:]
	}
	for _, kind := range []struct {
		name string
		log  sealtest.Kind
	}{{"Rekor 1", sealtest.Rekor1}, {"Rekor 2", sealtest.Rekor2}} {
		good := l.keyless(func(s *sealtest.Signature) { s.Log = kind.log })
		for _, tc := range []struct {
			name   string
			change func(string) string
			text   string // "" verifies
		}{
			{"one witness", after(one), ""},
			{"two witnesses", after(one + two), ""},
			{"a witness before the log", func(s string) string { text, log := split(s); return text + two + log }, ""},
			{"a witness with a key of another length", after("\u2014 pq.example AAAAAWFi\n"), ""},
			{"witnesses alone", func(s string) string { text, _ := split(s); return text + one + two }, "no signature of the log"},
			{"a witness under the log's name alone", func(s string) string {
				text, log := split(s)
				return text + cosigned(strings.Fields(log)[1], 3)
			}, "log entry is not good"},
			{"the log's signature damaged", func(s string) string {
				text, log := split(s)
				name, blob := strings.Fields(log)[1], strings.Fields(log)[2]
				raw, _ := base64.StdEncoding.DecodeString(blob)
				raw[len(raw)-1] ^= 1
				return text + "\u2014 " + name + " " + base64.StdEncoding.EncodeToString(raw) + "\n" + one
			}, "log entry is not good"},
			{"the text changed", func(s string) string { return "x" + s + one }, "log entry is not good"},
			{"one line twice", after(one + one), "twice"},
			{"more than may be", func(s string) string {
				for i := range 100 {
					s += cosigned(fmt.Sprintf("w%d.example", i), 1)
				}
				return s
			}, "more than 100"},
			{"a line that is none", after("hello\n"), "not lines of signatures"},
			{"an empty line", after("\n"), "not lines of signatures"},
			{"no end of the line", after(strings.TrimSuffix(one, "\n")), "not lines of signatures"},
			{"a name with a plus", after(cosigned("a+b", 1)), "not lines of signatures"},
			{"base64 with spare bits", after("\u2014 w AAAAAWF=\n"), "canonical base64"},
			{"a signature of a key's id alone", after("\u2014 w AAAAAQ==\n"), "canonical base64"},
		} {
			t.Run(kind.name+", "+tc.name, func(t *testing.T) {
				_, err := verifier(t, l.believing()).Verify(withCheckpoint(t, good, tc.change))
				if tc.text == "" && kind.log == sealtest.Rekor1 {
					// Rekor 1's library wants all signatures to be the log's, and no
					// such log is cosigned.
					tc.text = "signature on checkpoint did not verify"
				}
				if tc.text == "" && err != nil || tc.text != "" && (!errors.Is(err, seal.ErrLog) || !strings.Contains(err.Error(), tc.text)) {
					t.Errorf("error is %v, want %q in it", err, tc.text)
				}
			})
		}
	}
}

// TestOlderBundles: version 0.2 names the certificate in a chain; 0.1 is refused
// and told so.
func TestOlderBundles(t *testing.T) {
	l := newLab(t)
	chained := func(more ...string) func(map[string]any) {
		return func(d map[string]any) {
			d["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
			m := d["verificationMaterial"].(map[string]any)
			list := []any{m["certificate"]}
			for _, c := range more {
				list = append(list, map[string]any{"rawBytes": c})
			}
			m["x509CertificateChain"] = map[string]any{"certificates": list}
			delete(m, "certificate")
		}
	}
	strange := base64.StdEncoding.EncodeToString([]byte("no certificate"))
	for _, tc := range []struct {
		name   string
		change func(map[string]any)
		want   error
		text   string
	}{
		{"0.2 with a chain", chained(), nil, ""},
		{"0.2 with a certificate that nobody trusts behind it", chained(strange), seal.ErrCertificate, "certificate 2 of the chain"},
		{"0.3 in its older spelling", func(d map[string]any) { d["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3" }, nil, ""},
		{"0.3 with a chain", func(d map[string]any) {
			chained()(d)
			d["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json"
		}, seal.ErrMalformed, ""},
		{"0.1", func(d map[string]any) { d["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1" }, seal.ErrMalformed, "versions 0.2 and 0.3 are read"},
		{"0.4", func(d map[string]any) { d["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json" }, seal.ErrMalformed, ""},
		{"an empty chain", func(d map[string]any) {
			chained()(d)
			d["verificationMaterial"].(map[string]any)["x509CertificateChain"] = map[string]any{}
		}, seal.ErrMalformed, ""},
		{"0.2 without proof of inclusion", func(d map[string]any) {
			chained()(d)
			delete(d["verificationMaterial"].(map[string]any)["tlogEntries"].([]any)[0].(map[string]any), "inclusionProof")
		}, seal.ErrMalformed, "inclusion proof missing"},
		{"0.2 with another payload", func(d map[string]any) {
			chained()(d)
			d["dsseEnvelope"].(map[string]any)["payload"] = base64.StdEncoding.EncodeToString([]byte(`{}`))
		}, seal.ErrLog, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := verifier(t, l.believing()).Verify(edited(t, l.keyless(nil), tc.change))
			if !errors.Is(err, tc.want) || tc.text != "" && !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
}
