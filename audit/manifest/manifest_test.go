package manifest_test

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func digest(c string) string { return strings.Repeat(c, 64) }

func predicate() manifest.Predicate {
	return manifest.Predicate{
		Name: "rx6600xt", Sequence: 1, Vendor: "Example Boards", Issued: now.AddDate(0, -1, 0), Expires: now.AddDate(1, 0, 0), Status: manifest.Active,
		Devices:  []manifest.Device{{VendorID: "1002", DeviceID: "73ff"}},
		Firmware: []manifest.Firmware{{Kind: manifest.OptionROM, Version: "1.0", Part: "113-A", SHA256: digest("a"), Images: []manifest.Image{{CodeType: "00", SHA256: digest("b")}}}},
	}
}

type issuer struct {
	signer *seal.Signer
	public string
}

func newIssuer(t testing.TB) issuer {
	t.Helper()
	_, s, err := seal.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := s.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return issuer{s, string(pub)}
}

func (i issuer) sign(t testing.TB, statement []byte) []byte {
	t.Helper()
	b, err := seal.Sign(t.Context(), statement, i.signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (i issuer) manifest(t testing.TB, p manifest.Predicate) []byte {
	t.Helper()
	s, err := manifest.Statement(&p)
	if err != nil {
		t.Fatal(err)
	}
	return i.sign(t, s)
}

func (i issuer) trust(t *testing.T, extra string) *manifest.Trust {
	t.Helper()
	trust, err := manifest.ParseTrust([]byte(i.trustText(extra)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func (i issuer) trustText(extra string) string {
	return fmt.Sprintf("version: 1\nkeys:\n  - name: boards\n    kind: vendor\n    pci_vendors: [\"1002\"]\n    not_before: 2026-01-01T00:00:00Z\n    not_after: 2028-01-01T00:00:00Z\n    public_key: %q\n%s", i.public, extra)
}

func TestVerify(t *testing.T) {
	i := newIssuer(t)
	m, err := manifest.Verify(i.manifest(t, predicate()), "a.json", i.trust(t, ""), now)
	if err != nil {
		t.Fatal(err)
	}
	if m.Issuer() != "boards" || m.Kind() != manifest.Vendor || m.Name() != "a.json" || m.Predicate().Firmware[0].SHA256 != digest("a") {
		t.Errorf("manifest is %+v", m)
	}
}

func TestEveryRefusalHasItsName(t *testing.T) {
	i := newIssuer(t)
	with := func(change func(*manifest.Predicate)) []byte {
		p := predicate()
		change(&p)
		return i.manifest(t, p)
	}
	statement := func(subject, predicate string) []byte {
		return i.sign(t, []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"firmware 1.0","digest":{"sha256":"`+subject+`"}}],"predicateType":"`+manifest.PredicateType+`","predicate":`+predicate+`}`))
	}
	const body = `{"name":"x","sequence":1,"vendor":"v","issued":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z","status":"active","devices":[{"vendor_id":"1002","device_id":"73ff"}],"firmware":[{"kind":"option-rom","version":"1.0","sha256":"%s"%s}]%s}`
	for _, tc := range []struct {
		name   string
		bundle []byte
		trust  string
		now    time.Time
		want   error
		text   string
	}{
		{"device of another vendor", with(func(p *manifest.Predicate) {
			p.Devices = append(p.Devices, manifest.Device{VendorID: "10de", DeviceID: "2684"})
		}), "", now, manifest.ErrScope, "10de:2684"},
		{"boards of every maker, trusted for one", with(func(*manifest.Predicate) {}), "    subsystem_vendors: [\"1da2\"]\n", now, manifest.ErrScope, "any maker"},
		{"boards of another maker", with(func(p *manifest.Predicate) { p.Devices[0].SubsystemVendorID = "1043" }), "    subsystem_vendors: [\"1da2\"]\n", now, manifest.ErrScope, "1043"},
		{"boards in scope", with(func(p *manifest.Predicate) { p.Devices[0].SubsystemVendorID = "1da2" }), "    subsystem_vendors: [\"1da2\"]\n", now, nil, ""},
		{"a timestamp is needed", with(func(*manifest.Predicate) {}), "    require: [timestamp]\n", now, seal.ErrMissingTimestamp, "boards"},
		{"a log entry is needed", with(func(*manifest.Predicate) {}), "    require: [log]\n", now, seal.ErrMissingLog, "boards"},
		{"part out of scope", with(func(*manifest.Predicate) {}), "    parts: [\"113-B*\"]\n", now, manifest.ErrScope, "113-A"},
		{"part missing", with(func(p *manifest.Predicate) { p.Firmware[0].Part = "" }), "    parts: [\"*\"]\n", now, manifest.ErrScope, ""},
		{"part in scope", with(func(*manifest.Predicate) {}), "    parts: [\"113-*\"]\n", now, nil, ""},
		{"expired", with(func(p *manifest.Predicate) { p.Expires = now.Add(-time.Hour) }), "", now, manifest.ErrExpired, ""},
		{"not issued yet", with(func(p *manifest.Predicate) { p.Issued = now.Add(time.Hour) }), "", now, manifest.ErrNotYetValid, ""},
		{"key expired", with(func(p *manifest.Predicate) { p.Expires = now.AddDate(5, 0, 0) }), "", now.AddDate(3, 0, 0), seal.ErrKeyExpired, "boards"},
		{"unknown key", newIssuer(t).manifest(t, predicate()), "", now, seal.ErrUnknownKey, ""},
		{"unknown field", statement(digest("a"), fmt.Sprintf(body, digest("a"), "", `,"note":"x"`)), "", now, manifest.ErrInvalid, `unknown field "note"`},
		{"digest of the wrong length", statement(digest("a"), fmt.Sprintf(body, digest("a"), `,"sha384":"`+digest("a")+`"`, "")), "", now, manifest.ErrInvalid, "sha384 holds 64 characters, not the 96"},
		{"field named sha512", statement(digest("a"), fmt.Sprintf(body, digest("a"), `,"sha512":"`+digest("a")+`"`, "")), "", now, manifest.ErrInvalid, `unknown field "sha512"`},
		{"digest in capitals", statement(digest("A"), fmt.Sprintf(body, digest("A"), "", "")), "", now, manifest.ErrInvalid, "sha256"},
		{"subjects that differ", statement(digest("c"), fmt.Sprintf(body, digest("a"), "", "")), "", now, manifest.ErrInvalid, "subject[0]"},
		{"subject with another algorithm", i.sign(t, []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"`+digest("a")+`","sha1":"00"}}],"predicateType":"`+manifest.PredicateType+`","predicate":`+fmt.Sprintf(body, digest("a"), "", "")+`}`)), "", now, manifest.ErrInvalid, "sha1"},
		{"another predicate type", i.sign(t, []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"`+digest("a")+`"}}],"predicateType":"https://example.org/x","predicate":{}}`)), "", now, seal.ErrPredicateType, "example.org"},
		{"one of the subjects, under its own name", i.sign(t, []byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"card.rom","digest":{"sha256":"`+digest("a")+`"}}],"predicateType":"`+manifest.PredicateType+`","predicate":`+fmt.Sprintf(body, digest("a"), `,"stable_sha256":"`+digest("b")+`"`, "")+`}`)), "", now, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := manifest.Verify(tc.bundle, "a.json", i.trust(t, tc.trust), tc.now)
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Fatalf("error is %v, want %v", err, tc.want)
			}
			if err != nil && !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %q in it", err, tc.text)
			}
		})
	}
}

// TestSignedBy: one key and no scope. It gives no Manifest.
func TestSignedBy(t *testing.T) {
	i := newIssuer(t)
	bundle := i.manifest(t, predicate())
	key := func(i issuer) crypto.PublicKey {
		pub, err := seal.ParsePublicKey([]byte(i.public))
		if err != nil {
			t.Fatal(err)
		}
		return pub
	}
	if p, err := manifest.SignedBy(bundle, key(i), nil, now); err != nil || p.Name != "rx6600xt" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := manifest.SignedBy(bundle, key(newIssuer(t)), nil, now); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := manifest.SignedBy(bundle, key(i), nil, now.AddDate(9, 0, 0)); !errors.Is(err, manifest.ErrExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, err := manifest.SignedBy(bundle, nil, nil, now); !errors.Is(err, seal.ErrPolicy) {
		t.Errorf("no key: %v", err)
	}
}

// TestEveryByteOfAManifestCounts.
func TestEveryByteOfAManifestCounts(t *testing.T) {
	i := newIssuer(t)
	good, trust := i.manifest(t, predicate()), i.trust(t, "")
	for n := range good {
		bad := bytes.Clone(good)
		bad[n] ^= 1
		if _, err := manifest.Verify(bad, "a.json", trust, now); err == nil {
			t.Fatalf("byte %d of %d (%q) can be changed", n, len(good), good[n])
		}
	}
}
