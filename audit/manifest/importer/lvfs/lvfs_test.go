package lvfs

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

// signedArchive is an archive whose payload and metadata somebody signed.
func signedArchive(t testing.TB, by authority, compression int) []byte {
	t.Helper()
	rom := hosttest.GoodROM()
	info := meta("vbios.rom", "1.2", importer.Digest(rom))
	return cabinet(t, compression, file{"vbios.rom", rom}, file{"firmware.metainfo.xml", info}, file{"firmware.jcat", catalogue(t,
		item("vbios.rom", kindSHA256, importer.Digest(rom), kindPKCS7, by.sign(t, rom)), item("firmware.metainfo.xml", kindPKCS7, by.sign(t, info)))})
}

// TestPayload: an option ROM is stated as a scan reads it from the card.
func TestPayload(t *testing.T) {
	want := firmware.Parse(hosttest.GoodROM())
	for _, compression := range []int{typeStored, typeMSZIP} {
		r, err := Import(signedArchive(t, newAuthority(t, "Boards"), compression), "x.cab", Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := r.Firmware[0]
		if len(r.Firmware) != 1 || f.Version != "1.2" || f.SHA256 != want.SHA256 || f.StableSHA256 != *want.StableSHA256 || len(f.Images) != len(want.Images) || f.Part != "113-EXT12345-001" {
			t.Errorf("%+v", f)
		}
		if r.Provenance.Signature != manifest.SignatureUnverified || len(r.Provenance.Unmapped) != 0 {
			t.Errorf("%+v", r.Provenance)
		}
	}
}

// TestGUIDs: as Python's uuid.uuid5 makes them of the names in fwupd's
// documentation.
func TestGUIDs(t *testing.T) {
	d := manifest.Device{VendorID: "1002", DeviceID: "73ff", SubsystemVendorID: "1da2", SubsystemDeviceID: "e448"}
	if got := strings.Join(guids(d), " "); got != "4c50edec-2acd-52a9-a463-bb0fe5b40ccd d5aa91a0-4dc6-5c95-aa22-e82d918fed85" {
		t.Errorf("GUIDs are %s", got)
	}
	if !forDevices([]string{"x", "4C50EDEC-2acd-52a9-a463-bb0fe5b40ccd"}, d) || forDevices([]string{"b585990a-003e-5270-89d5-3705a17f9a43"}, d) {
		t.Error("the device is not told by its GUID")
	}
	r, err := Import(signedArchive(t, newAuthority(t, "Boards"), typeStored), "x.cab", Options{Devices: []manifest.Device{d}})
	if err != nil || len(r.Provenance.Unmapped) != 1 || !strings.Contains(r.Provenance.Unmapped[0], "1002:73ff is none of the devices") {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestBlocks: a block of MSZIP refers to the one before it.
func TestBlocks(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	got, err := readCabinet(cabinet(t, typeMSZIP, file{"a", []byte("a")}, file{"long", long}, file{"empty", nil}))
	if err != nil || !bytes.Equal(got["long"], long) || string(got["a"]) != "a" || len(got["empty"]) != 0 || len(got) != 3 {
		t.Errorf("%d files, %v", len(got), err)
	}
}

func TestSignatures(t *testing.T) {
	us, them := newAuthority(t, "Boards"), newAuthority(t, "Strangers")
	rom := hosttest.GoodROM()
	info := meta("vbios.rom", "1.2", importer.Digest(rom))
	pack := func(rom, info []byte, items ...any) []byte {
		return cabinet(t, typeMSZIP, file{"vbios.rom", rom}, file{"firmware.metainfo.xml", info}, file{"firmware.jcat", catalogue(t, items...)})
	}
	other := bytes.Clone(rom)
	other[0x700] ^= 1
	changedMeta := meta("vbios.rom", "9.9", importer.Digest(rom))
	romItem, metaItem := item("vbios.rom", kindPKCS7, us.sign(t, rom)), item("firmware.metainfo.xml", kindPKCS7, us.sign(t, info))
	for _, tc := range []struct {
		name string
		cab  []byte
		ca   *x509.CertPool
		now  time.Time
		want string
		text string
	}{
		{"both signed", pack(rom, info, romItem, metaItem), us.pool(), now, "verified", ""},
		{"one of two signatures", pack(rom, info, item("vbios.rom", kindPKCS7, them.sign(t, rom), kindPKCS7, us.sign(t, rom)), metaItem), us.pool(), now, "verified", ""},
		{"no authority", pack(rom, info, romItem, metaItem), nil, now, "unverified", ""},
		{"another authority", pack(rom, info, romItem, metaItem), them.pool(), now, "failed", "unknown authority"},
		{"certificate expired", pack(rom, info, romItem, metaItem), us.pool(), now.AddDate(3, 0, 0), "failed", "expired"},
		{"payload changed", pack(other, meta("vbios.rom", "1.2", importer.Digest(other)), romItem, metaItem), us.pool(), now, "failed", "metainfo"},
		{"payload changed, metadata signed", pack(other, info2(t, us, other).content, romItem, info2(t, us, other).item), us.pool(), now, "failed", "vbios.rom"},
		{"version changed", pack(rom, changedMeta, romItem, metaItem), us.pool(), now, "failed", "metainfo"},
		{"metadata unsigned", pack(rom, info, romItem), us.pool(), now, "failed", "no signature"},
		{"payload unsigned", pack(rom, info, metaItem), us.pool(), now, "failed", "no signature"},
		{"signature of the other file", pack(rom, info, item("vbios.rom", kindPKCS7, us.sign(t, info)), metaItem), us.pool(), now, "failed", "vbios.rom"},
		{"nothing signed", pack(rom, info), nil, now, "unsigned", ""},
		{"payload alone signed, no authority", pack(rom, info, romItem), nil, now, "unsigned", ""},
		{"garbage for a signature", pack(rom, info, item("vbios.rom", kindPKCS7, "text"), metaItem), us.pool(), now, "failed", "PKCS #7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := Import(tc.cab, "x.cab", Options{CA: tc.ca, Now: tc.now})
			if err != nil {
				t.Fatal(err)
			}
			p := r.Provenance
			if p.Signature != tc.want || !strings.Contains(p.Detail, tc.text) || (p.Signer != "") != (tc.want == "verified") {
				t.Errorf("provenance is %+v, want %s with %q", p, tc.want, tc.text)
			}
		})
	}
}

type signedMeta struct {
	content []byte
	item    any
}

// info2 is good metadata of a payload, signed.
func info2(t *testing.T, by authority, rom []byte) signedMeta {
	content := meta("vbios.rom", "1.2", importer.Digest(rom))
	return signedMeta{content, item("firmware.metainfo.xml", kindPKCS7, by.sign(t, content))}
}

func TestOpenPGP(t *testing.T) {
	at := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return now.AddDate(0, -1, 0) }}
	key, err := openpgp.NewEntity("LVFS", "", "lvfs@example.org", at)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(b []byte) string {
		var out bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&out, key, bytes.NewReader(b), at); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	var public bytes.Buffer
	if err := key.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	keyring, err := pgp.ParseKeyring(public.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	rom := hosttest.GoodROM()
	info := meta("vbios.rom", "1.2", importer.Digest(rom))
	cab := cabinet(t, typeStored, file{"vbios.rom", rom}, file{"a.metainfo.xml", info}, file{"a.jcat", catalogue(t, item("vbios.rom", kindGPG, sign(rom)), item("a.metainfo.xml", kindGPG, sign(info)))})
	r, err := Import(cab, "x.cab", Options{Keyring: keyring, Now: now})
	if err != nil || r.Provenance.Signature != manifest.SignatureVerified || !strings.Contains(r.Provenance.Signer, "lvfs@example.org") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRefused(t *testing.T) {
	rom := hosttest.GoodROM()
	info := meta("vbios.rom", "1.2", importer.Digest(rom))
	good := cabinet(t, typeMSZIP, file{"vbios.rom", rom}, file{"a.metainfo.xml", info})
	change := func(at int, b ...byte) []byte { c := bytes.Clone(good); copy(c[at:], b); return c }
	for _, tc := range []struct {
		name string
		cab  []byte
		want error
		text string
	}{
		{"no cabinet", []byte("text"), importer.ErrMalformed, "header"},
		{"part of a set", change(30, 1), importer.ErrMalformed, "set of cabinets"},
		{"LZX", change(cabHeader+6, 3), importer.ErrMalformed, "compression 3"},
		{"many folders", change(26, 255), importer.ErrMalformed, "too many"},
		{"file outside its folder", change(cabHeader+cabFolder, 0xff, 0xff, 0xff, 0x7f), importer.ErrMalformed, "outside its folder"},
		{"a block damaged", change(len(good)-1, 0x55), importer.ErrMalformed, "checksum"},
		{"cut off", good[:len(good)-1], importer.ErrMalformed, "cut off"},
		{"a file twice", cabinet(t, typeStored, file{"a", rom}, file{"a", info}), importer.ErrMalformed, "twice"},
		{"no metadata", cabinet(t, typeStored, file{"vbios.rom", rom}), importer.ErrMalformed, "no .metainfo.xml"},
		{"metadata of an application", cabinet(t, typeStored, file{"a.metainfo.xml", []byte(`<component type="desktop"/>`)}), importer.ErrMalformed, "desktop"},
		{"metadata that is no XML", cabinet(t, typeStored, file{"a.metainfo.xml", []byte(`{}`)}), importer.ErrMalformed, "metainfo"},
		{"another checksum in the metadata", cabinet(t, typeStored, file{"vbios.rom", rom}, file{"a.metainfo.xml", meta("vbios.rom", "1", importer.Digest(info))}), importer.ErrMalformed, "checksum says"},
		{"another digest in the Jcat file", cabinet(t, typeStored, file{"vbios.rom", rom}, file{"a.metainfo.xml", info}, file{"a.jcat", catalogue(t, item("vbios.rom", kindSHA512, strings.Repeat("0", 128)))}), importer.ErrMalformed, "kind 10"},
		{"a Jcat file that is none", cabinet(t, typeStored, file{"vbios.rom", rom}, file{"a.metainfo.xml", info}, file{"a.jcat", []byte("text")}), importer.ErrMalformed, "jcat"},
		{"no option ROM", cabinet(t, typeStored, file{"x.bin", []byte("text")}, file{"a.metainfo.xml", meta("x.bin", "1", importer.Digest([]byte("text")))}), importer.ErrNothing, "is no option ROM"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Import(tc.cab, "x.cab", Options{}); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
}

// TestPeers: gcab packs and jcat-tool signs, both of the project that runs LVFS.
func TestPeers(t *testing.T) {
	for _, tool := range []string{"gcab", "jcat-tool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	rom := hosttest.GoodROM()
	for name, content := range map[string][]byte{"vbios.rom": rom, "a.metainfo.xml": meta("vbios.rom", "1.2", importer.Digest(rom))} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "STATE_DIRECTORY="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("%s: %v: %s", name, err, out)
		}
	}
	for _, name := range []string{"vbios.rom", "a.metainfo.xml"} {
		run("jcat-tool", "self-sign", "a.jcat", name, "--kind", "sha256")
		run("jcat-tool", "self-sign", "a.jcat", name, "--kind", "pkcs7")
	}
	for _, flags := range [][]string{{"-c", "-n"}, {"-c", "-z"}} {
		run("gcab", append(flags, "x.cab", "vbios.rom", "a.metainfo.xml", "a.jcat")...)
		cab, err := os.ReadFile(filepath.Join(dir, "x.cab"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Import(cab, "x.cab", Options{})
		if err != nil || r.Firmware[0].SHA256 != importer.Digest(rom) || r.Provenance.Signature != manifest.SignatureUnverified {
			t.Errorf("%v: %+v, %v", flags, r, err)
		}
		files, err := readCabinet(cab)
		if err != nil {
			t.Fatal(err)
		}
		j, err := parseJcat(files["a.jcat"])
		if err != nil || len(j.Items) != 2 || !j.signed("vbios.rom") {
			t.Errorf("%+v, %v", j, err)
		}
	}
}

// TestRealArchive verifies an archive that LVFS signed, up to its authority, both
// from the packages fwupd and fwupd-tests, in a folder that FWUPD names.
func TestRealArchive(t *testing.T) {
	root := os.Getenv("FWUPD")
	cab, err := os.ReadFile(filepath.Join(root, "usr/share/installed-tests/fwupd/fakedevice124.cab"))
	if root == "" || err != nil {
		t.Skip("FWUPD names no folder with fwupd's packages")
	}
	authority, err := os.ReadFile(filepath.Join(root, "etc/pki/fwupd/LVFS-CA.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("no certificate in LVFS-CA.pem")
	}
	r, err := Import(cab, "fakedevice124.cab", Options{Kind: manifest.OptionROM, CA: pool, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if r.Provenance.Signature != manifest.SignatureVerified || r.Firmware[0].Version != "1.2.4" {
		t.Errorf("%+v", r)
	}
}

func FuzzImport(f *testing.F) {
	us := newAuthority(f, "Boards")
	f.Add(signedArchive(f, us, typeStored))
	f.Add(signedArchive(f, us, typeMSZIP))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Import(b, "x.cab", Options{Kind: manifest.OptionROM, CA: us.pool(), Now: now})
		if err == nil && len(r.Firmware) == 0 {
			t.Error("nothing was imported, and no error says so")
		}
	})
}

// FuzzSignature reads a Jcat file and its signatures alone.
func FuzzSignature(f *testing.F) {
	us := newAuthority(f, "Boards")
	f.Add([]byte(us.sign(f, []byte("x"))), []byte("x"))
	f.Fuzz(func(t *testing.T, signature, content []byte) {
		if signer, err := verifyPKCS7(signature, content, us.pool(), now); err == nil && string(content) != "x" {
			t.Errorf("%q signed %q", signer, content)
		}
	})
}
