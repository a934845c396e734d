package driver

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
)

func TestSignature(t *testing.T) {
	good := signedData(t, issuer("Build key", 0x3d46), sha512OID)
	skid := signedData(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: []byte{0xab, 0xcd}}, asn1.ObjectIdentifier{1, 2, 3})
	for _, tc := range []struct {
		name   string
		module []byte
		want   string // present, signer, key, hash
		broken bool
	}{
		{"none", []byte("module"), "false - - -", false},
		{"empty", nil, "false - - -", false},
		{"serial", trailer([]byte("module"), 2, 0, 0, good), "true Build key 3d46 sha512", false},
		{"key id", trailer(nil, 2, 0, 0, skid), "true - abcd 1.2.3", false},
		{"old form", trailer([]byte("moduleMe\x01\x02"), 1, 2, 2, []byte("sig")), "true Me 0102 sha256", false},
		{"old form too long", trailer([]byte("m"), 1, 2, 2, []byte("sig")), "true - - -", true},
		{"magic alone", []byte(signatureMagic), "true - - -", true},
		{"longer than the file", append([]byte{0, 0, 2, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, signatureMagic...), "true - - -", true},
		{"pgp", trailer(nil, 0, 0, 0, good), "true - - -", true},
		{"text", trailer(nil, 2, 0, 0, []byte("no DER")), "true - - -", true},
		{"cut", trailer(nil, 2, 0, 0, good[:len(good)/2]), "true - - -", true},
		{"no bytes", trailer(nil, 2, 0, 0, nil), "true - - -", true},
		{"magic in the middle", append(trailer(nil, 2, 0, 0, good), 'x'), "false - - -", false},
	} {
		sig, err := readSignature(tc.module)
		if got := fmt.Sprint(sig.Present, " ", or(sig.Signer), " ", or(sig.KeyID), " ", or(sig.Hash)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if errors.Is(err, collect.ErrMalformed) != tc.broken || (err != nil) != tc.broken {
			t.Errorf("%s: error %v", tc.name, err)
		}
	}
}

func or(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func TestModinfo(t *testing.T) {
	entries := []string{"version=1.0", "license=GPL", "license=MIT", "", "intree=Y", "firmware=a/b.bin", "firmware=c.bin", "srcversion=ABC", "vermagic=6.1 SMP ", "parm=x:y=z", "nokey"}
	m, err := readModinfo(ko(entries...))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(or(m.Version), or(m.License), or(m.SrcVersion), or(m.VerMagic), m.InTree, m.Firmware)
	if want := "1.0GPLABC6.1 SMP true [a/b.bin c.bin]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if m, err := readModinfo(ko32("version=7")); err != nil || or(m.Version) != "7" {
		t.Errorf("32 bit, big endian: %v, %v", or(m.Version), err)
	}
	if m, err := readModinfo(ko()); err != nil || m.InTree || m.Version != nil {
		t.Errorf("empty section: %+v, %v", m, err)
	}
	if _, err := readModinfo(ko("version=" + strings.Repeat("9", kmod.ValueLimit+1))); !errors.Is(err, collect.ErrMalformed) {
		t.Errorf("a version of %d bytes gives %v", kmod.ValueLimit+1, err)
	}
}

// TestBrokenELF changes each byte of the header and the section table in turn,
// and cuts the file at each length: an answer or an error, never a panic, and
// never an answer from outside the file.
func TestBrokenELF(t *testing.T) {
	whole := ko("version=1.0", "intree=Y")
	for i := range whole {
		if _, err := readModinfo(whole[:i]); err == nil {
			t.Errorf("cut at %d of %d bytes and still read", i, len(whole))
		}
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			b := slices.Clone(whole)
			b[i] = v
			_, _ = readModinfo(b)
		}
	}
	for _, b := range [][]byte{nil, []byte("\x7fELF"), []byte(strings.Repeat("x", 100))} {
		if _, err := readModinfo(b); !errors.Is(err, collect.ErrMalformed) {
			t.Errorf("%q gives %v", b, err)
		}
	}
}

// FuzzModule: what is read of a module came from the module.
func FuzzModule(f *testing.F) {
	f.Add(ko("version=1.0", "firmware=a.bin"))
	f.Add(ko32("license=GPL"))
	f.Add(trailer(ko("intree=Y"), 2, 0, 0, signedData(f, issuer("Key", 7), sha512OID)))
	f.Add(trailer(ko("x=y"), 1, 1, 1, []byte("sig")))
	f.Fuzz(func(t *testing.T, module []byte) {
		if m, err := readModinfo(module); err == nil {
			for _, s := range append(m.Firmware, or(m.Version), or(m.License)) {
				if s != "-" && !strings.Contains(string(module), s) {
					t.Fatalf("%q is not in the module", s)
				}
			}
		}
		sig, err := readSignature(module)
		if sig.Present != strings.HasSuffix(string(module), signatureMagic) || err != nil && sig.Signer != nil {
			t.Fatalf("%+v, %v", sig, err)
		}
	})
}
