package manifest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

func TestTrustFile(t *testing.T) {
	i := newIssuer(t)
	good := i.trustText("")
	for _, tc := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"JSON", asJSON(t, i), ""},
		{"second document", good + "---\n" + good, "follows the first document"},
		{"field twice", strings.Replace(good, "    kind: vendor\n", "    kind: vendor\n    kind: lab\n", 1), "line 5"},
		{"the line of the key", good + strings.Replace(strings.SplitN(good, "keys:\n", 2)[1], "kind: vendor", "kind: boss", 1), "line 9: key \"boards\": kind"},
		{"key file that is not allowed", strings.Replace(good, "public_key:", "public_key_file:", 1), "may name no other files"},
		{"key and key file", good + "    public_key_file: a.pub\n", "one of them"},
		{"no key", strings.Split(good, "    public_key:")[0], "one of them"},
		{"empty", "", "the file is empty"},
		{"no keys", "version: 1\n", "no keys"},
		{"other version", strings.Replace(good, "version: 1", "version: 2", 1), "version"},
		{"unknown field", good + "    scope: all\n", "line 9"},
		{"no vendors", strings.Replace(good, `["1002"]`, "[]", 1), "pci_vendors is empty"},
		{"vendor unquoted", strings.Replace(good, `["1002"]`, "[10DE]", 1), "lower-case"},
		{"no end", strings.Replace(good, "not_after: 2028-01-01T00:00:00Z", "not_after: 2025-01-01T00:00:00Z", 1), "not_after"},
		{"unknown kind", strings.Replace(good, "kind: vendor", "kind: boss", 1), "kind"},
		{"not a key", strings.Replace(good, "PUBLIC KEY", "PRIVATE KEY", 2), "unusable key"},
		{"bad pattern", good + "    parts: [\"[\"]\n", "pattern"},
		{"same key twice", good + strings.SplitN(good, "keys:\n", 2)[1], "second key has this name"},
		{"same key under two names", good + strings.Replace(strings.SplitN(good, "keys:\n", 2)[1], "name: boards", "name: other", 1), "same key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := manifest.ParseTrust([]byte(tc.text), nil)
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (!errors.Is(err, manifest.ErrTrust) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
}

func asJSON(t *testing.T, i issuer) string {
	t.Helper()
	file := manifest.TrustFile{Version: 1, Keys: []manifest.Key{{PublicKey: i.public, Scope: manifest.Scope{Name: "boards", Kind: manifest.Vendor,
		PCIVendors: []string{"1002"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}}}}
	text, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheSameKeyInOtherWords: a key that is spelt otherwise is the same key.
func TestTheSameKeyInOtherWords(t *testing.T) {
	i := newIssuer(t)
	again := issuer{public: "a comment\n" + i.public}
	second := strings.Replace(strings.SplitN(again.trustText(""), "keys:\n", 2)[1], "name: boards", "name: other", 1)
	if _, err := manifest.ParseTrust([]byte(i.trustText(second)), nil); err == nil || !strings.Contains(err.Error(), `the same key as "boards"`) {
		t.Errorf("error is %v", err)
	}
}

func TestPublicKeyFile(t *testing.T) {
	i := newIssuer(t)
	files := fstest.MapFS{"keys/a.pub": {Data: []byte(i.public)}, "bad.pub": {Data: []byte("x")}, "large.pub": {Data: make([]byte, 70<<10)}}
	for _, tc := range []struct{ name, file, want string }{
		{"good", "keys/a.pub", ""},
		{"missing", "b.pub", "does not exist"},
		{"no key", "bad.pub", "bad.pub"},
		{"too large", "large.pub", "larger"},
		{"outside", "../a.pub", "public_key_file"},
		{"absolute", "/etc/a.pub", "public_key_file"},
		{"folder", "keys", "public_key_file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Split(i.trustText(""), "    public_key:")[0] + "    public_key_file: " + tc.file + "\n"
			trust, err := manifest.ParseTrust([]byte(text), files)
			switch {
			case tc.want == "" && err != nil:
				t.Fatal(err)
			case tc.want != "" && (!errors.Is(err, manifest.ErrTrust) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			case tc.want == "":
				if _, err := manifest.Verify(i.manifest(t, predicate()), "a.json", trust, now); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestIdentitiesAndAuthorities of a trust file: what it must say, and where its
// files may lie.
func TestIdentitiesAndAuthorities(t *testing.T) {
	i := newIssuer(t)
	const identity = `identities:
  - name: ci
    kind: vendor
    pci_vendors: ["1002"]
    not_before: 2026-01-01T00:00:00Z
    not_after: 2028-01-01T00:00:00Z
    subject: https://example.org/workflow
    issuer: https://issuer.example.org
`
	files := fstest.MapFS{"root.json": {Data: seal.PublicGoodText()}, "bad.json": {Data: []byte("{}")}, "none.pem": {Data: []byte("x")}}
	swap := func(old, with string) string { return "version: 1\n" + strings.Replace(identity, old, with, 1) }
	for _, tc := range []struct{ name, text, want string }{
		{"identity alone", "version: 1\n" + identity, ""},
		{"key and identity", i.trustText("") + identity, ""},
		{"patterns", swap("subject: ", "subject_pattern: "), ""},
		{"what is needed", swap("issuer: ", "require: [log, timestamp]\n    issuer: "), ""},
		{"board makers", swap("kind: vendor", "kind: vendor\n    subsystem_vendors: [\"1da2\"]"), ""},
		{"own root", "version: 1\ntrusted_root_file: root.json\n" + identity, ""},
		{"the name of a key", i.trustText("") + strings.Replace(identity, "name: ci", "name: boards", 1), "line 10: identity \"boards\": a key or another identity has this name"},
		{"no subject", swap("    subject: https://example.org/workflow\n", ""), "give the subject"},
		{"subject twice", swap("    issuer:", "    subject_pattern: .*\n    issuer:"), "give the subject"},
		{"no issuer", swap("    issuer: https://issuer.example.org\n", ""), "give the issuer"},
		{"pattern that is none", swap("subject: ", "subject_pattern: ("), "pattern of the subject"},
		{"an unknown need", swap("issuer: ", "require: [luck]\n    issuer: "), "not timestamp or log"},
		{"board maker in capitals", swap("kind: vendor", "kind: vendor\n    subsystem_vendors: [\"1DA2\"]"), "subsystem_vendors"},
		{"no role", swap("    kind: vendor\n", ""), "kind"},
		{"root that is none", "version: 1\ntrusted_root_file: bad.json\n" + identity, "unusable trusted root"},
		{"root outside", "version: 1\ntrusted_root_file: ../root.json\n" + identity, "trusted_root_file"},
		{"root that is missing", "version: 1\ntrusted_root_file: no.json\n" + identity, "does not exist"},
		{"authority without certificates", "version: 1\ntimestamp_authorities:\n  - name: tsa\n" + identity, "line 3: timestamp authority \"tsa\": give certificates or certificates_file"},
		{"certificates that are none", "version: 1\ntimestamp_authorities:\n  - name: tsa\n    certificates_file: none.pem\n" + identity, "it holds no certificate in PEM form"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := manifest.ParseTrust([]byte(tc.text), files)
			if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, manifest.ErrTrust) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
	if _, err := manifest.ParseTrust([]byte("version: 1\ntrusted_root_file: root.json\n"+identity), nil); err == nil || !strings.Contains(err.Error(), "may name no other files") {
		t.Errorf("error is %v", err)
	}
}

func FuzzTrust(f *testing.F) {
	f.Add([]byte(newIssuer(f).trustText("")))
	f.Add([]byte("version: 1\nkeys:\n  - name: a\n    kind: vendor\n"))
	f.Add([]byte("version: 1\nkeys: &a [*a]\n"))
	f.Add([]byte("version: 1\ntimestamp_authorities: [{name: a, certificates: x}]\nidentities:\n  - {name: a, kind: lab, pci_vendors: [\"1002\"], not_before: 2026-01-01T00:00:00Z, not_after: 2028-01-01T00:00:00Z, subject_pattern: a+, issuer: b, require: [log]}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := manifest.ParseTrust(b, nil); err != nil && !errors.Is(err, manifest.ErrTrust) {
			t.Errorf("error is %v", err)
		}
	})
}
