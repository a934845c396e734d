package firmware

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// authority is a certificate with its key, for chains that a test makes.
type issuing struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certify makes a certificate; without an issuer it signs itself.
func certify(t testing.TB, name string, issuer *issuing, ca bool, until int64) *issuing {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name}, IsCA: ca, BasicConstraintsValid: true,
		NotBefore: time.Unix(1600000000, 0), NotAfter: time.Unix(until, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	raw, err := x509.CreateCertificate(nil, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &issuing{c, key}
}

func TestChain(t *testing.T) {
	root := certify(t, "root", nil, true, 1900000000)
	forged := certify(t, "root", nil, true, 1900000000) // the same name, another key
	mid := certify(t, "mid", root, true, 1700000000)
	leaf := certify(t, "leaf", mid, false, 1800000000)
	direct := certify(t, "leaf", root, false, 1800000000)
	plain := certify(t, "plain", root, false, 1900000000) // may not issue
	under := certify(t, "under", plain, false, 1900000000)
	tests := []struct {
		name  string
		leaf  *issuing
		with  []*issuing
		fault string
		path  int
	}{
		{"own root", leaf, []*issuing{leaf, mid, root}, chainOtherRoot, 3},
		{"in any order", leaf, []*issuing{root, leaf, mid}, chainOtherRoot, 3},
		{"no issuer", leaf, []*issuing{leaf}, chainNoIssuer, 1},
		{"no root", leaf, []*issuing{leaf, mid}, chainNoIssuer, 2},
		{"root of that name", direct, []*issuing{direct, forged}, chainForged, 1},
		{"forged beside the real one", direct, []*issuing{direct, forged, root}, chainOtherRoot, 2},
		{"issuer that is no authority", under, []*issuing{under, plain, root}, chainForged, 1},
		{"signer itself a root", root, []*issuing{root}, chainOtherRoot, 1},
	}
	for _, tt := range tests {
		s := &peSignature{}
		for _, a := range tt.with {
			s.certificates = append(s.certificates, a.cert)
		}
		path, chain := s.chain(tt.leaf.cert, nil)
		if chain.Anchor != nil || chain.Fault == nil || *chain.Fault != tt.fault || len(path) != tt.path || len(chain.Path) != tt.path {
			t.Errorf("%s: path of %d, %+v", tt.name, len(path), chain)
		}
		if want := time.Unix(1700000000, 0).UTC(); tt.path == 3 && !chain.NotAfter.Equal(want) {
			t.Errorf("%s: valid until %v, want that of the certificate that ends first", tt.name, chain.NotAfter)
		}
	}
	if _, chain := (&peSignature{}).chain(nil, nil); *chain.Fault != chainNoSigner {
		t.Errorf("no signer: %+v", chain)
	}
}

// TestPinnedAuthority: a chain ends well in a key, whatever certificates of that
// name the signature brings along.
func TestPinnedAuthority(t *testing.T) {
	root := certify(t, "root", nil, true, 1750000000)
	forged := certify(t, "root", nil, true, 1900000000)
	mid := certify(t, "mid", root, true, 1700000000)
	leaf, direct, fake := certify(t, "leaf", mid, false, 1800000000), certify(t, "leaf", root, false, 1800000000), certify(t, "leaf", forged, false, 1800000000)
	pinned := []authority{{"root", &root.key.PublicKey, root.cert.NotBefore, root.cert.NotAfter}}
	tests := []struct {
		name  string
		leaf  *issuing
		with  []*issuing
		fault string
		ends  int64
	}{
		{"signer alone", direct, []*issuing{direct}, "", 1750000000},
		{"signer and authority", direct, []*issuing{direct, root}, "", 1750000000},
		{"with one between", leaf, []*issuing{mid, leaf}, "", 1700000000},
		{"one between missing", leaf, []*issuing{leaf}, chainNoIssuer, 1800000000},
		{"issued under the name by another key", fake, []*issuing{fake}, chainNoIssuer, 1800000000},
		{"the same, with its root", fake, []*issuing{fake, forged}, chainOtherRoot, 1800000000},
	}
	for _, tt := range tests {
		s := &peSignature{}
		for _, a := range tt.with {
			s.certificates = append(s.certificates, a.cert)
		}
		_, chain := s.chain(tt.leaf.cert, pinned)
		fault := ""
		if chain.Fault != nil {
			fault = *chain.Fault
		}
		if fault != tt.fault || (chain.Anchor != nil) != (fault == "") || chain.NotAfter.Unix() != tt.ends {
			t.Errorf("%s: fault %q, %+v", tt.name, fault, chain)
		}
	}
}

// TestAuthorities: the keys are those that sign themselves nowhere, so what can
// be held is that each is an ordinary RSA key and the names are told apart.
func TestAuthorities(t *testing.T) {
	names := map[string]bool{}
	for _, a := range authorities() {
		key, ok := a.key.(*rsa.PublicKey)
		if !ok || key.N.BitLen() != 2048 || names[a.name] || !a.notAfter.After(a.notBefore) {
			t.Errorf("%s: %+v", a.name, a)
		}
		names[a.name] = true
	}
}

// TestChainsOfRealDrivers: every signed driver of the shared dumps leads to one
// of the pinned authorities, those that were edited after signing too: the chain
// is about who signed, and not about what.
func TestChainsOfRealDrivers(t *testing.T) {
	ended := time.Date(2026, 6, 27, 0, 0, 0, 0, time.UTC)
	seen := map[string]int{}
	for name, b := range dumps(t) {
		for _, img := range Parse(b).Images {
			if img.EFI == nil || img.EFI.Signed == nil || !*img.EFI.Signed {
				continue
			}
			chain := img.EFI.Chain
			if chain == nil || chain.Anchor == nil {
				t.Errorf("%s: image %d: chain %+v", name, img.Index, chain)
				continue
			}
			seen[*chain.Anchor]++
			if *chain.Anchor == "Microsoft Corporation UEFI CA 2011" && chain.NotAfter.After(ended.AddDate(0, 0, 1)) {
				t.Errorf("%s: the chain outlives its authority: %v", name, chain.NotAfter)
			}
		}
	}
	if seen["Microsoft Corporation UEFI CA 2011"] == 0 {
		t.Errorf("anchors seen: %v", seen)
	}
	t.Logf("anchors: %v", seen)
}

// list builds one EFI signature list.
func list(guid string, entries ...[]byte) []byte {
	size := 0
	if len(entries) > 0 {
		size = ownerBytes + len(entries[0])
	}
	b := make([]byte, listHeader)
	copy(b, guid)
	binary.LittleEndian.PutUint32(b[16:], uint32(listHeader+size*len(entries)))
	binary.LittleEndian.PutUint32(b[24:], uint32(max(size, ownerBytes+1)))
	for _, e := range entries {
		b = append(append(b, make([]byte, ownerBytes)...), e...)
	}
	return b
}

func database(t testing.TB, lists ...[]byte) *SignatureDatabase {
	t.Helper()
	d, err := ParseSignatureDatabase(bytes.Join(lists, nil))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSignatureDatabaseLists(t *testing.T) {
	root := certify(t, "root", nil, true, 1900000000)
	other := certify(t, "other", nil, true, 1900000000)
	namesake := certify(t, "root", nil, true, 1900000000)
	leaf := certify(t, "leaf", root, false, 1800000000)
	path := []*x509.Certificate{leaf.cert}
	digest := sha256.Sum256([]byte("image"))
	no := sha256.Sum256([]byte("another"))
	body := sha256.Sum256(leaf.cert.RawTBSCertificate)
	zero, dated := make([]byte, 16), append([]byte{0xe9, 7}, make([]byte, 14)...)
	tests := []struct {
		name string
		d    *SignatureDatabase
		want string
	}{
		{"empty", database(t), "false"},
		{"list without entries", database(t, list(guidSHA256)), "false"},
		{"digest", database(t, list(guidSHA256, no[:], digest[:])), "true"},
		{"other digest", database(t, list(guidSHA256, no[:])), "false"},
		{"the signer", database(t, list(guidX509, other.cert.Raw), list(guidX509, leaf.cert.Raw)), "true"},
		{"the issuer, which the signature lacks", database(t, list(guidX509, root.cert.Raw)), "true"},
		{"another of the issuer's name", database(t, list(guidX509, namesake.cert.Raw)), "false"},
		{"signer by digest", database(t, list(guidX509SHA256, append(body[:], zero...))), "true"},
		{"signer revoked from a time on", database(t, list(guidX509SHA256, append(body[:], dated...))), "unknown"},
		{"type that is not read", database(t, list("GUID of some kind", no[:])), "unknown"},
		{"certificate that does not parse", database(t, list(guidX509, []byte("no certificate"))), "unknown"},
		{"no database", nil, "unknown"},
	}
	for _, tt := range tests {
		got := "unknown"
		if v := tt.d.lists(digest[:], path); v != nil {
			got = map[bool]string{true: "true", false: "false"}[*v]
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAuthorize(t *testing.T) {
	rom := efiROM(signPE(t, unsignedPE([]byte("code"))), 1)
	parsed := Parse(rom)
	digest := [32]byte(unhex(t, *parsed.Images[0].EFI.AuthenticodeSHA256))
	Authorize(rom, parsed, database(t), database(t, list(guidSHA256, digest[:])))
	e := parsed.Images[0].EFI
	if e.InDB == nil || *e.InDB || e.InDBX == nil || !*e.InDBX {
		t.Errorf("in db %v, in dbx %v", e.InDB, e.InDBX)
	}
	if e.Chain == nil || e.Chain.Fault == nil || *e.Chain.Fault != chainOtherRoot {
		t.Errorf("chain %+v", e.Chain)
	}
	parsed = Parse(rom)
	Authorize(rom, parsed, nil, nil)
	if e := parsed.Images[0].EFI; e.InDB != nil || e.InDBX != nil {
		t.Error("without databases there are answers")
	}
	unsigned := efiROM(unsignedPE([]byte("code")), 0)
	parsed = Parse(unsigned)
	Authorize(unsigned, parsed, database(t), nil)
	if e := parsed.Images[0].EFI; e.InDB == nil || *e.InDB || e.InDBX != nil {
		t.Errorf("unsigned: in db %v, in dbx %v", e.InDB, e.InDBX)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		t.Fatalf("%q is no digest", s)
	}
	return n.FillBytes(make([]byte, 32))
}

func TestSignatureListFaults(t *testing.T) {
	good := list(guidSHA256, make([]byte, 32))
	edit := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	for name, b := range map[string][]byte{
		"cut in the header": good[:20], "cut in an entry": good[:len(good)-1], "list of size zero": edit(16, 0), "list beyond the end": edit(16, 1<<31),
		"header beyond the list": edit(20, 1<<30), "entries of size zero": edit(24, 0), "entries that do not divide": edit(24, 33),
		"trailing byte": append(bytes.Clone(good), 0), "too large": make([]byte, MaxSignatureDatabase+1),
	} {
		if _, err := ParseSignatureDatabase(b); !errors.Is(err, ErrSignatureList) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRealSignatureLists reads the variables that Debian's ovmf package ships
// enrolled, where it is installed: db holds the authority of every real driver.
func TestRealSignatureLists(t *testing.T) {
	b, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
	if err != nil {
		t.Skip("Debian's package ovmf is not installed")
	}
	db := database(t, variable(t, b, "db"))
	facts := db.Facts()
	if len(facts.Certificates) < 2 || facts.Unread != 0 || !strings.Contains(facts.Certificates[1].Subject+facts.Certificates[0].Subject, "UEFI CA 2011") {
		t.Errorf("db is %+v", facts)
	}
	dbx := database(t, variable(t, b, "dbx"))
	if facts := dbx.Facts(); facts.Digests == 0 {
		t.Errorf("dbx is %+v", facts)
	}
	for name, rom := range dumps(t) {
		parsed := Parse(rom)
		Authorize(rom, parsed, db, dbx)
		for _, img := range parsed.Images {
			e := img.EFI
			if e == nil || e.Signed == nil || !*e.Signed {
				continue
			}
			if e.InDB == nil || *e.InDB != (*e.Chain.Anchor == "Microsoft Corporation UEFI CA 2011") || e.InDBX == nil || *e.InDBX {
				t.Errorf("%s: image %d: in db %v, in dbx %v, chain %+v", name, img.Index, e.InDB, e.InDBX, e.Chain)
			}
		}
	}
}

// variable finds an authenticated variable in an EDK2 variable store by its
// name (AUTHENTICATED_VARIABLE_HEADER of EDK2's MdeModulePkg, 60 bytes; the name
// and the data follow).
func variable(t testing.TB, b []byte, name string) []byte {
	t.Helper()
	var wide []byte
	for _, c := range name {
		wide = append(wide, byte(c), 0)
	}
	wide = append(wide, 0, 0)
	const guid = "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
	mark := append([]byte(guid), wide...)
	i := bytes.Index(b, mark)
	if i < 60 {
		t.Fatalf("no variable %s", name)
	}
	h := b[i+16-60:]
	size := int(binary.LittleEndian.Uint32(h[40:]))
	start := i + len(mark)
	return b[start : start+size]
}

func FuzzSignatureDatabase(f *testing.F) {
	root := certify(f, "root", nil, true, 1900000000)
	f.Add(append(list(guidX509, root.cert.Raw), list(guidSHA256, make([]byte, 32), make([]byte, 32))...))
	f.Add(list(guidX509SHA256, make([]byte, 48)))
	if b, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.ms.fd"); err == nil {
		f.Add(variable(f, b, "db"))
	}
	path := []*x509.Certificate{root.cert}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseSignatureDatabase(b)
		if err != nil {
			if !errors.Is(err, ErrSignatureList) {
				t.Error(err)
			}
			return
		}
		var _ *inventory.SignatureDatabase = d.Facts()
		d.lists(make([]byte, 32), path)
	})
}
