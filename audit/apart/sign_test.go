package apart

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/policy"
)

// TestSigningForAJudge: each type of a verb once, nothing of another type, and nothing
// that is no statement.
func TestSigningForAJudge(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := seal.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	statement := func(kind string) []byte {
		b, err := seal.NewStatement([]seal.Subject{{Name: "x", Digest: map[string]string{"sha256": strings.Repeat("0", 64)}}}, kind, json.RawMessage(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sign := Statements(signer, []string{signed.ReportType, signed.SummaryType})
	for _, step := range []struct {
		text []byte
		want string // of the error
	}{
		{[]byte("{}"), "malformed"}, {[]byte("a challenge of another protocol"), "malformed"},
		{append(statement(signed.ReportType), ' ', '{', '}'), "malformed"},
		{statement(manifest.PredicateType), "is no statement that this verb signs"},
		{statement(signed.ReportType), ""}, {statement(signed.ReportType), "a second statement"},
		{statement(signed.SummaryType), ""}, {statement(signed.SummaryType), "a second statement"},
	} {
		bundle, err := sign(t.Context(), 0, step.text)
		if step.want == "" && (err != nil || !strings.Contains(string(bundle), "dsseEnvelope")) || step.want != "" && (err == nil || !strings.Contains(err.Error(), step.want) || bundle != nil) {
			t.Errorf("%.60s: %v, want %q", step.text, err, step.want)
		}
	}
	if _, err := Statements(signer, nil)(t.Context(), 0, statement(signed.ReportType)); err == nil {
		t.Error("a verb that signs nothing signed")
	}
}

// TestSigningMetadataForAJudge: metadata of channels, by a key that there is.
func TestSigningMetadataForAJudge(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := seal.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	sign := Metadata([]*seal.Signer{signer})
	text := `{"_type":"timestamp","expires":"2026-12-01T00:00:00Z","spec_version":"1.0.31","version":1}`
	if sig, err := sign(t.Context(), 0, []byte(text)); err != nil || !ed25519.Verify(public, []byte(text), sig) {
		t.Errorf("%x %v", sig, err)
	}
	if _, err := sign(t.Context(), 1, []byte(text)); err == nil {
		t.Error("a key that is not there signed")
	}
	for _, text := range []string{"", "text", "[]", "{}", `{"_type":"mirrors","x":1}`, `{"_type":"rooted","x":1}`, `{"_type":"https://in-toto.io/Statement/v1","subject":[]}`,
		`{"x":{"_type":"root","x":1}}`, ` {"_type":"root","x":1}`, "DSSEv1 28 application/vnd.in-toto+json 2 {}"} {
		if _, err := sign(t.Context(), 0, []byte(text)); err == nil {
			t.Errorf("signed: %q", text)
		}
	}
}

// TestSigningRulesForAJudge: one list of files, and nothing else.
func TestSigningRulesForAJudge(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := policy.NewBundleSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	digest := strings.Repeat("00", 32)
	list := `[{"name":"a.rego","hash":"` + digest + `","algorithm":"SHA-256"}]`
	for _, text := range []string{"", "{}", `[{"name":"","hash":"` + digest + `","algorithm":"SHA-256"}]`, `[{"name":"a","hash":"00","algorithm":"SHA-256"}]`,
		`[{"name":"a","hash":"` + digest + `","algorithm":"MD5"}]`, `[{"name":"a","hash":"` + digest + `","algorithm":"SHA-256","sub":"admin"}]`} {
		if token, err := Rules(signer)(t.Context(), 0, []byte(text)); err == nil {
			t.Errorf("signed: %s: %s", text, token)
		}
	}
	sign := Rules(signer)
	if token, err := sign(t.Context(), 0, []byte(list)); err != nil || strings.Count(string(token), ".") != 2 {
		t.Errorf("%s %v", token, err)
	}
	if _, err := sign(t.Context(), 0, []byte(list)); err == nil {
		t.Error("a second bundle was signed")
	}
}
