package overlay_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

const rows = `{"name":"ours","date":"2026-11-26",
"accelerators":[{"vendor_id":"1002","device_id":"73ff","name":"RX 6600, ours","memory_mib":[8192,16384],"id_confidence":"high","source":"our lab"}],
"boards":[{"vendor_id":"1002","device_id":"73ff","subsystem_vendor_id":"1da2","subsystem_device_id":"e448","name":"Pulse"}]}`

var now = time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)

type key struct {
	signer *seal.Signer
	public string
}

func newKey(t testing.TB) key {
	t.Helper()
	_, signer, err := seal.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err := signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return key{signer, string(public)}
}

func (k key) trust(t testing.TB, kind, scope string) *manifest.Trust {
	t.Helper()
	trust, err := manifest.ParseTrust([]byte("version: 1\nkeys:\n  - name: ops\n    kind: "+kind+"\n    "+scope+
		"\n    not_before: 2026-01-01T00:00:00Z\n    not_after: 2027-01-01T00:00:00Z\n    public_key: |\n      "+
		strings.ReplaceAll(strings.TrimSpace(k.public), "\n", "\n      ")+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func (k key) sign(t testing.TB, statement []byte) []byte {
	t.Helper()
	bundle, err := seal.Sign(context.Background(), statement, k.signer)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func statement(t testing.TB, text string) []byte {
	t.Helper()
	base := catalogue.Load()
	s, err := overlay.Statement([]byte(text), base)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerify(t *testing.T) {
	k, other := newKey(t), newKey(t)
	const scope = `pci_vendors: ["1002"]`
	good := statement(t, rows)
	bundle := k.sign(t, good)
	c, err := overlay.Verify(bundle, k.trust(t, "operator", scope), now)
	if err != nil || c.Signer != "ops" || c.Rows.Count() != 2 || len(c.SHA256) != 64 {
		t.Fatalf("%+v, %v", c, err)
	}
	flipped := slices.Clone(bundle)
	flipped[len(flipped)/2] ^= 1
	edit := func(old, with string) []byte {
		if !strings.Contains(string(good), old) {
			t.Fatalf("the statement holds no %q", old)
		}
		return k.sign(t, []byte(strings.Replace(string(good), old, with, 1)))
	}
	for name, tc := range map[string]struct {
		bundle []byte
		trust  *manifest.Trust
		now    time.Time
		want   error
	}{
		"a bit":                    {flipped, k.trust(t, "operator", scope), now, nil},
		"cut":                      {bundle[:len(bundle)/2], k.trust(t, "operator", scope), now, seal.ErrMalformed},
		"another key":              {other.sign(t, good), k.trust(t, "operator", scope), now, seal.ErrUnknownKey},
		"after the key's time":     {bundle, k.trust(t, "operator", scope), now.AddDate(1, 0, 0), seal.ErrKeyExpired},
		"another type":             {edit(overlay.PredicateType, manifest.PredicateType), k.trust(t, "operator", scope), now, seal.ErrPredicateType},
		"a vendor":                 {bundle, k.trust(t, "vendor", scope), now, overlay.ErrScope},
		"an integrator":            {bundle, k.trust(t, "integrator", scope), now, overlay.ErrScope},
		"another vendor's devices": {bundle, k.trust(t, "operator", `pci_vendors: ["10de"]`), now, overlay.ErrScope},
		"boards of other makers":   {bundle, k.trust(t, "operator", "pci_vendors: [\"1002\"]\n    subsystem_vendors: [\"1043\"]"), now, overlay.ErrScope},
		"rows behind the subject":  {edit("RX 6600, ours", "RX 6600, mine"), k.trust(t, "operator", scope), now, overlay.ErrContent},
		"an unknown field":         {edit(`"name":"ours"`, `"surprise":1,"name":"ours"`), k.trust(t, "operator", scope), now, overlay.ErrContent},
		"another spelling":         {edit(`"memory_mib":[8192,16384]`, `"memory_mib":[8192, 16384]`), k.trust(t, "operator", scope), now, overlay.ErrContent},
	} {
		_, err := overlay.Verify(tc.bundle, tc.trust, tc.now)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// TestStatementRefuses: what would be refused later is not signed first.
func TestStatementRefuses(t *testing.T) {
	base := catalogue.Load()
	for name, text := range map[string]string{
		"no JSON": "rows", "unknown field": `{"name":"ours","date":"2026-11-26","surprise":[]}`, "no rows": `{"name":"ours","date":"2026-11-26"}`,
		"a field twice":  strings.Replace(rows, `"date":"2026-11-26"`, `"date":"2026-11-26","date":"2026-11-27"`, 1),
		"an unknown id":  strings.Replace(rows, `"device_id":"73ff","name"`, `"device_id":"73f","name"`, 1),
		"no such device": strings.Replace(rows, `"device_id":"73ff","subsystem`, `"device_id":"0009","subsystem`, 1),
	} {
		if _, err := overlay.Statement([]byte(text), base); !errors.Is(err, overlay.ErrContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	base := catalogue.Load()
	f.Add([]byte(rows))
	f.Add([]byte(`{"name":"a","date":"2026-11-26","makers":[{"vendor_id":"f00d","name":"x","source":"y"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := overlay.Parse(text)
		if err != nil {
			return
		}
		if merged, _, err := base.With(parsed, "ops"); err == nil && merged.Check() != nil {
			t.Error("rows were taken that the checks refuse")
		}
	})
}
