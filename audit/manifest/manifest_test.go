package manifest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
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
		Firmware: []manifest.Firmware{{Version: "1.0", Part: "113-A", SHA256: digest("a"), Images: []manifest.Image{{CodeType: "00", SHA256: digest("b")}}}},
	}
}

type issuer struct {
	signer *seal.Signer
	public string
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.LoadSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := s.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return issuer{s, string(pub)}
}

func (i issuer) sign(t *testing.T, statement []byte) []byte {
	t.Helper()
	b, err := seal.Sign(t.Context(), statement, i.signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (i issuer) manifest(t *testing.T, p manifest.Predicate) []byte {
	t.Helper()
	s, err := manifest.Statement(&p)
	if err != nil {
		t.Fatal(err)
	}
	return i.sign(t, s)
}

func (i issuer) trust(t *testing.T, extra string) *manifest.Trust {
	t.Helper()
	trust, err := manifest.ParseTrust([]byte(i.trustText(extra)))
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
	const body = `{"name":"x","sequence":1,"vendor":"v","issued":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z","status":"active","devices":[{"vendor_id":"1002","device_id":"73ff"}],"firmware":[{"version":"1.0","sha256":"%s"%s}]%s}`
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
		{"part out of scope", with(func(*manifest.Predicate) {}), "    parts: [\"113-B*\"]\n", now, manifest.ErrScope, "113-A"},
		{"part missing", with(func(p *manifest.Predicate) { p.Firmware[0].Part = "" }), "    parts: [\"*\"]\n", now, manifest.ErrScope, ""},
		{"part in scope", with(func(*manifest.Predicate) {}), "    parts: [\"113-*\"]\n", now, nil, ""},
		{"expired", with(func(p *manifest.Predicate) { p.Expires = now.Add(-time.Hour) }), "", now, manifest.ErrExpired, ""},
		{"not issued yet", with(func(p *manifest.Predicate) { p.Issued = now.Add(time.Hour) }), "", now, manifest.ErrNotYetValid, ""},
		{"key expired", with(func(p *manifest.Predicate) { p.Expires = now.AddDate(5, 0, 0) }), "", now.AddDate(3, 0, 0), seal.ErrKeyExpired, "boards"},
		{"unknown key", newIssuer(t).manifest(t, predicate()), "", now, seal.ErrUnknownKey, ""},
		{"unknown field", statement(digest("a"), fmt.Sprintf(body, digest("a"), `,"sha512":"00"`, "")), "", now, manifest.ErrInvalid, `unknown field "sha512"`},
		{"digest of the wrong length", statement(digest("a"), fmt.Sprintf(body, digest("a"), `,"sha384":"`+digest("a")+`"`, "")), "", now, manifest.ErrInvalid, "sha384 holds 64 characters, not the 96"},
		{"digest in capitals", statement(digest("A"), fmt.Sprintf(body, digest("A"), "", "")), "", now, manifest.ErrInvalid, "sha256"},
		{"subjects that differ", statement(digest("c"), fmt.Sprintf(body, digest("a"), "", "")), "", now, manifest.ErrInvalid, "subjects"},
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

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*manifest.Predicate){
		"no name":          func(p *manifest.Predicate) { p.Name = "" },
		"no sequence":      func(p *manifest.Predicate) { p.Sequence = 0 },
		"no devices":       func(p *manifest.Predicate) { p.Devices = nil },
		"device wildcard":  func(p *manifest.Predicate) { p.Devices[0].DeviceID = "" },
		"unknown status":   func(p *manifest.Predicate) { p.Status = "fine" },
		"ends first":       func(p *manifest.Predicate) { p.Expires = p.Issued },
		"states nothing":   func(p *manifest.Predicate) { p.Firmware = nil },
		"no digest":        func(p *manifest.Predicate) { p.Firmware[0].SHA256, p.Firmware[0].Images = "", nil },
		"image no digest":  func(p *manifest.Predicate) { p.Firmware[0].Images[0].SHA256 = "" },
		"driver no digest": func(p *manifest.Predicate) { p.Drivers = []manifest.Driver{{Module: "amdgpu"}} },
		"memory zero":      func(p *manifest.Predicate) { p.MemoryMiB = []int{0} },
		"function class": func(p *manifest.Predicate) {
			p.Functions = &[]manifest.Function{{VendorID: "1002", DeviceID: "ab28", ClassCode: "0403"}}
		},
		"too many": func(p *manifest.Predicate) {
			for range 5000 {
				p.MemoryMiB = append(p.MemoryMiB, 8192)
			}
		},
	} {
		p := predicate()
		change(&p)
		if _, err := manifest.Statement(&p); !errors.Is(err, manifest.ErrInvalid) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestTrustFile(t *testing.T) {
	i := newIssuer(t)
	good := i.trustText("")
	for _, tc := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"empty", "", "EOF"},
		{"no keys", "version: 1\n", "no keys"},
		{"other version", strings.Replace(good, "version: 1", "version: 2", 1), "version"},
		{"unknown field", good + "    scope: all\n", "line 9"},
		{"no vendors", strings.Replace(good, `["1002"]`, "[]", 1), "pci_vendors is empty"},
		{"vendor unquoted", strings.Replace(good, `["1002"]`, "[10DE]", 1), "lower-case"},
		{"no end", strings.Replace(good, "not_after: 2028-01-01T00:00:00Z", "not_after: 2025-01-01T00:00:00Z", 1), "not_after"},
		{"unknown kind", strings.Replace(good, "kind: vendor", "kind: boss", 1), "kind"},
		{"not a key", strings.Replace(good, "PUBLIC KEY", "PRIVATE KEY", 2), "unusable key"},
		{"bad pattern", good + "    parts: [\"[\"]\n", "pattern"},
		{"same key twice", good + strings.SplitN(good, "keys:\n", 2)[1], "second key"},
		{"same key under two names", good + strings.Replace(strings.SplitN(good, "keys:\n", 2)[1], "name: boards", "name: other", 1), "same key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := manifest.ParseTrust([]byte(tc.text))
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (!errors.Is(err, manifest.ErrTrust) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
}

// TestAnOldEditionDoesNotCount, in whatever order the editions come.
func TestAnOldEditionDoesNotCount(t *testing.T) {
	i := newIssuer(t)
	trust := i.trust(t, "")
	var editions []*manifest.Manifest
	for _, sequence := range []int{2, 3, 1} {
		p := predicate()
		p.Sequence = sequence
		m, err := manifest.Verify(i.manifest(t, p), fmt.Sprint(sequence), trust, now)
		if err != nil {
			t.Fatal(err)
		}
		editions = append(editions, m)
	}
	s := manifest.NewSet(editions...)
	if len(s.All()) != 1 || s.All()[0].Name() != "3" || len(s.Outdated()) != 2 {
		t.Errorf("%d count, %d are outdated", len(s.All()), len(s.Outdated()))
	}
}

func FuzzStatement(f *testing.F) {
	p := predicate()
	good, err := manifest.Statement(&p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := manifest.ParseStatement(b)
		if err != nil {
			return
		}
		again, err := manifest.Statement(p)
		if err != nil {
			t.Fatalf("a statement that was accepted cannot be written: %v", err)
		}
		q, err := manifest.ParseStatement(again)
		if err != nil {
			t.Fatal(err)
		}
		one, _ := json.Marshal(p)
		two, _ := json.Marshal(q)
		if string(one) != string(two) {
			t.Errorf("%s became %s", one, two)
		}
	})
}

func FuzzTrust(f *testing.F) {
	f.Add([]byte("version: 1\nkeys:\n  - name: a\n    kind: vendor\n"))
	f.Add([]byte("version: 1\nkeys: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := manifest.ParseTrust(b); err != nil && !errors.Is(err, manifest.ErrTrust) {
			t.Errorf("error is %v", err)
		}
	})
}
