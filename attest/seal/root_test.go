package seal_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// TestPublicGood verifies what somebody signed through sigstore's public
// instance in February 2025, with the trusted root that this program carries,
// and refuses it with every byte flipped. The bundle comes with cosign's module.
func TestPublicGood(t *testing.T) {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Skip(err)
	}
	bundle, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(cache)), "github.com/sigstore/cosign/v3@v3.1.3/pkg/cosign/testdata/oci-attestation.sigstore.json"))
	if err != nil {
		t.Skipf("cosign's module is not in the module cache (go -C .ci/tools install github.com/sigstore/cosign/v3/cmd/cosign): %v", err)
	}
	root, err := seal.PublicGood()
	if err != nil {
		t.Fatal(err)
	}
	p := seal.Policy{Root: root, PredicateType: "https://cosign.sigstore.dev/attestation/v1", Now: now, Identities: []seal.Identity{{
		Name: "somebody", SubjectPattern: `[a-z]+@[a-z]+\.com`, Issuer: "https://github.com/login/oauth",
		NotBefore: now.AddDate(-10, 0, 0), NotAfter: now, Witness: seal.Log}}}
	v := verifier(t, p)
	got, err := v.Verify(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if got.Seen.Format(time.DateOnly) != "2025-02-28" || got.Signer != "somebody" {
		t.Errorf("verified %+v", got)
	}
	for i := range bundle {
		bad := bytes.Clone(bundle)
		bad[i] ^= 1 << (i % 8)
		if _, err := v.Verify(bad); err == nil {
			t.Errorf("byte %d flipped still verifies: %q", i, bad[max(0, i-60):min(len(bad), i+60)])
		}
	}
	p.Identities[0].Issuer = "https://accounts.google.com"
	if _, err := verifier(t, p).Verify(bundle); !errors.Is(err, seal.ErrUnknownIdentity) {
		t.Errorf("another issuer: %v", err)
	}
	p.Identities[0].Issuer, p.Identities[0].Witness = "https://github.com/login/oauth", seal.Timestamp
	if _, err := verifier(t, p).Verify(bundle); !errors.Is(err, seal.ErrMissingTimestamp) {
		t.Errorf("no timestamp: %v", err)
	}
}

func TestPublicGoodIsDated(t *testing.T) {
	day, err := time.Parse(time.DateOnly, seal.PublicGoodDate)
	if err != nil || day.After(now) {
		t.Errorf("%v, %v", day, err)
	}
	text := seal.PublicGoodText()
	text[0] = 'x' // a copy
	if _, err := seal.PublicGood(); err != nil {
		t.Error(err)
	}
}

func TestParseRootRefuses(t *testing.T) {
	good := string(seal.PublicGoodText())
	for _, tc := range []struct{ name, text string }{
		{"empty", ""},
		{"no root", "{}"},
		{"another media type", strings.Replace(good, "trustedroot+json", "other+json", 1)},
		{"nothing in it", `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`},
		{"a field twice", strings.Replace(good, `{`, `{"tlogs":[],`, 1)},
		{"an unknown field", strings.Replace(good, `{`, `{"surprise":1,`, 1)},
		{"cut off", good[:len(good)/2]},
		{"too large", good + strings.Repeat(" ", 1<<20)},
	} {
		if _, err := seal.ParseRoot([]byte(tc.text)); !errors.Is(err, seal.ErrRoot) {
			t.Errorf("%s: error is %v", tc.name, err)
		}
	}
	if !bytes.Contains(seal.PublicGoodText(), []byte("fulcio.sigstore.dev")) {
		t.Error("the embedded root is another one")
	}
}
