package waive_test

import (
	"context"
	"crypto"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// person signs waivers.
type person struct {
	signer *seal.Signer
	public []byte
	key    crypto.PublicKey
}

func newPerson(t *testing.T) person {
	t.Helper()
	_, signer, err := seal.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err := signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return person{signer, public, signer.Public()}
}

func (p *person) signs(t *testing.T, text string) []byte {
	t.Helper()
	statement, err := waive.Statement("accepted.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := seal.Sign(context.Background(), statement, p.signer)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

// trustIn is a trust file of people, by name, each with a role and a vendor id.
func trustIn(t *testing.T, people map[string]person, kind, vendor string) *manifest.Trust {
	t.Helper()
	text := "version: 1\nkeys:\n"
	for name, p := range people {
		text += "  - name: " + name + "\n    kind: " + kind + "\n    pci_vendors: [\"" + vendor + "\"]\n" +
			"    not_before: 2026-01-01T00:00:00Z\n    not_after: 2027-01-01T00:00:00Z\n    public_key: |\n      " +
			strings.ReplaceAll(strings.TrimSpace(string(p.public)), "\n", "\n      ") + "\n"
	}
	trust, err := manifest.ParseTrust([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// TestSignatures: who has to sign, and every way in which somebody did not.
func TestSignatures(t *testing.T) {
	ops, security, stranger := newPerson(t), newPerson(t), newPerson(t)
	people := map[string]person{"ops": ops, "security": security}
	text := file(entry)
	both := [][]byte{ops.signs(t, text), security.signs(t, text)}
	operators := waive.Believed{Trust: trustIn(t, people, "operator", "1002"), Now: now}
	flipped := slices.Clone(both[0])
	flipped[len(flipped)/2] ^= 1
	wrong, err := seal.NewStatement([]seal.Subject{{Name: "accepted.yaml", Digest: map[string]string{"sha256": strings.Repeat("0", 64)}}}, "https://example.org/other", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.Sign(context.Background(), wrong, ops.signer)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		text     string
		bundles  [][]byte
		believed waive.Believed
		demands  waive.Demands
		want     string
	}{
		"one, asked for one":      {text, both[:1], operators, waive.Demands{Signed: true}, ""},
		"two, asked for two":      {text, both, operators, waive.Demands{Signed: true, TwoPerson: true}, ""},
		"two keys without names":  {text, both, waive.Believed{Keys: []crypto.PublicKey{ops.key, security.key}, Now: now}, waive.Demands{TwoPerson: true, Signed: true}, ""},
		"none, asked for nothing": {text, nil, operators, waive.Demands{}, ""},
		"none, asked for one":     {text, nil, operators, waive.Demands{Signed: true}, "it is not signed"},
		"one, asked for two":      {text, both[:1], operators, waive.Demands{TwoPerson: true}, "two people have to sign"},
		"the file asks for two":   {"two_person: true\n" + text, [][]byte{ops.signs(t, "two_person: true\n"+text)}, operators, waive.Demands{}, "two people have to sign"},
		"the same twice":          {text, [][]byte{both[0], ops.signs(t, text)}, operators, waive.Demands{TwoPerson: true}, "signed twice"},
		"a stranger":              {text, [][]byte{stranger.signs(t, text)}, operators, waive.Demands{}, seal.ErrUnknownKey.Error()},
		"a stranger beside two":   {text, append(slices.Clone(both), stranger.signs(t, text)), operators, waive.Demands{}, seal.ErrUnknownKey.Error()},
		"another edition":         {strings.Replace(text, "bought", "bought ", 1), both, operators, waive.Demands{}, "another edition"},
		"a bit":                   {text, [][]byte{flipped}, operators, waive.Demands{}, ""},
		"another statement":       {text, [][]byte{other}, operators, waive.Demands{}, seal.ErrPredicateType.Error()},
		"a key past its time":     {text, both, waive.Believed{Trust: operators.Trust, Now: now.AddDate(1, 0, 0)}, waive.Demands{}, "the signing key has expired"},
		"vendors":                 {text, both, waive.Believed{Trust: trustIn(t, people, "vendor", "1002"), Now: now}, waive.Demands{}, "only operators accept findings"},
		"nobody believed":         {text, both, waive.Believed{Now: now}, waive.Demands{}, seal.ErrPolicy.Error()},
		"names of other people": {strings.Replace(text, "approver: security", "approver: boss", 1),
			[][]byte{ops.signs(t, strings.Replace(text, "approver: security", "approver: boss", 1)), security.signs(t, strings.Replace(text, "approver: security", "approver: boss", 1))},
			operators, waive.Demands{TwoPerson: true}, `"boss" is no name of those who signed`},
	} {
		set, err := waive.ParseUnder([]byte(tc.text), tc.demands)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		signers, err := waive.Verify([]byte(tc.text), tc.bundles, tc.believed)
		if err == nil {
			err = set.SignedBy(signers, tc.demands)
		}
		switch {
		case name == "a bit":
			if !errors.Is(err, waive.ErrSignature) {
				t.Errorf("%s: %v", name, err)
			}
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.want != "" && (!errors.Is(err, waive.ErrSignature) || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestScopeOfSigners: who may speak for one vendor's devices waives on no other.
func TestScopeOfSigners(t *testing.T) {
	ops := newPerson(t)
	text := file(entry)
	for vendor, want := range map[string]finding.Status{"1002": finding.Waived, "10de": finding.Fail} {
		set, err := waive.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		signers, err := waive.Verify([]byte(text), [][]byte{ops.signs(t, text)}, waive.Believed{Trust: trustIn(t, map[string]person{"ops": ops}, "operator", vendor), Now: now})
		if err == nil {
			err = set.SignedBy(signers, waive.Demands{Signed: true})
		}
		if err != nil {
			t.Fatal(err)
		}
		r := made(now)
		set.Apply(r, "")
		i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.ID == "GA-PR-015" })
		if r.Findings[i].Status != want || !slices.Equal(r.Waivers.Signers, []string{"ops"}) {
			t.Errorf("trusted for %s: %s, signers %v", vendor, r.Findings[i].Status, r.Waivers.Signers)
		}
	}
}

// TestDemandsTighten: a pack shortens what a file allows, never lengthens it.
func TestDemandsTighten(t *testing.T) {
	for _, tc := range []struct {
		text    string
		demands waive.Demands
		want    string
	}{
		{file(entry), waive.Demands{MaxDays: 61}, ""},
		{file(entry), waive.Demands{MaxDays: 60}, ""},
		{file(entry), waive.Demands{MaxDays: 59}, "within 59 days"},
		{"max_days: 30\n" + file(entry), waive.Demands{MaxDays: 90}, "within 30 days"},
		{strings.Replace(file(entry), "approver: security", "approver: OPS", 1), waive.Demands{TwoPerson: true}, "are the same"},
	} {
		_, err := waive.ParseUnder([]byte(tc.text), tc.demands)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %q", tc.demands, err, tc.want)
		}
	}
}

// TestTimesAreExact: what Go's parser takes beyond RFC 3339 is refused.
func TestTimesAreExact(t *testing.T) {
	for text, good := range map[string]bool{
		"2026-12-31T10:00:00Z": true, "2026-12-31T10:00:00.5+01:00": true, "2026-12-31": true,
		"2026-12-31T1:00:00Z": false, "2026-12-31T10:00:00,5Z": false, "2026-12-31 10:00:00Z": false, "2026-12-31T10:00:00": false,
		"2026-12-31T10:00:00+24:00": false, "20261231": false, "2026-02-30": false,
	} {
		_, err := waive.Parse([]byte(strings.Replace(file(entry), "expires: 2026-12-31", `expires: "`+text+`"`, 1)))
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestCosign: cosign holds the file against the signature.
func TestCosign(t *testing.T) {
	cosign := filepath.Join(os.Getenv("HOME"), "go/bin/cosign")
	if exec.Command(cosign, "version").Run() != nil {
		t.Skip("cosign is not installed")
	}
	ops := newPerson(t)
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	verify := func(text string) ([]byte, error) {
		return exec.Command(cosign, "verify-blob-attestation", "--key", put("ops.pub", ops.public), "--insecure-ignore-tlog", "--type", waive.SignatureType,
			"--bundle", put("bundle.json", ops.signs(t, file(entry))), put("accepted.yaml", []byte(text))).CombinedOutput()
	}
	if out, err := verify(file(entry)); err != nil {
		t.Errorf("cosign refuses it: %s", out)
	}
	if out, err := verify(file(entry) + "# later\n"); err == nil {
		t.Errorf("cosign takes another edition: %s", out)
	}
}
