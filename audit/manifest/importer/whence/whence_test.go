package whence_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/whence"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

const text = `             * WHENCE *
Prose: with a colon in it.
--------------------------------------------------------------------------

Driver: amdgpu - AMD Radeon

File: amdgpu/navi23_sos.bin
Version: 00.1d
File: amdgpu/navi23_vcn.bin
Link: amdgpu/navi24_vcn.bin -> navi23_vcn.bin
RawFile: "amdgpu/with space.bin"
Version: 7
File: amdgpu/gone.bin
Link: other.bin -> amdgpu/navi23_sos.bin

Licence: Redistributable. See LICENSE.amdgpu for details.
Version: of nothing

--------------------------------------------------------------------------

Driver: nouveau - NVIDIA
Version: 1
File: nvidia/gsp.bin
`

// file is an entry of an archive.
type file struct{ name, content string }

func release(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: "linux-firmware-20261101/" + f.name, Size: int64(len(f.content)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func good(t testing.TB) []byte {
	return release(t, file{"README", "x"}, file{"WHENCE", text}, file{"amdgpu/navi23_sos.bin", "sos"}, file{"amdgpu/navi23_vcn.bin", "vcn"},
		file{"amdgpu/with space.bin", "raw"}, file{"amdgpu/unlisted.bin", "u"}, file{"nvidia/gsp.bin", "gsp"})
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestImport(t *testing.T) {
	for _, tc := range []struct {
		name string
		o    whence.Options
		want string // file=content@version
		left int
	}{
		{"a driver", whence.Options{Drivers: []string{"amdgpu"}}, "amdgpu/navi23_sos.bin=sos@00.1d amdgpu/navi23_vcn.bin=vcn@unknown amdgpu/navi24_vcn.bin=vcn@unknown amdgpu/with space.bin=raw@7 other.bin=sos@00.1d", 1},
		{"files", whence.Options{Files: []string{"amdgpu/navi23_*", "nvidia"}}, "amdgpu/navi23_sos.bin=sos@00.1d amdgpu/navi23_vcn.bin=vcn@unknown nvidia/gsp.bin=gsp@unknown", 0},
		{"files of a driver", whence.Options{Drivers: []string{"nouveau"}, Files: []string{"amdgpu", "nvidia"}}, "nvidia/gsp.bin=gsp@unknown", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, archive := range [][]byte{good(t), zipped(t, good(t))} {
				r, err := whence.Import(t.Context(), decompress.Held(archive), "lf.tar.gz", tc.o)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, f := range r.Firmware {
					for _, content := range []string{"sos", "vcn", "raw", "gsp"} {
						if f.SHA256 == importer.Digest([]byte(content)) && f.Kind == manifest.RuntimeFile {
							got = append(got, f.File+"="+content+"@"+f.Version)
						}
					}
				}
				if strings.Join(got, " ") != tc.want || len(r.Provenance.Unmapped) != tc.left || r.Provenance.Signature != manifest.SignatureUnsigned {
					t.Errorf("%v\n%+v", got, r.Provenance)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	amdgpu := whence.Options{Drivers: []string{"amdgpu"}}
	for _, tc := range []struct {
		name    string
		archive []byte
		o       whence.Options
		want    error
		text    string
	}{
		{"no archive", []byte(strings.Repeat("text", 200)), amdgpu, importer.ErrMalformed, "tar"},
		{"no WHENCE", release(t, file{"README", "x"}), amdgpu, importer.ErrMalformed, "no WHENCE"},
		{"WHENCE deeper down", release(t, file{"a/WHENCE", text}), amdgpu, importer.ErrMalformed, "no WHENCE"},
		{"WHENCE without files", release(t, file{"WHENCE", "text"}), amdgpu, importer.ErrMalformed, "lists no files"},
		{"a link to nowhere", release(t, file{"WHENCE", "File: a\nLink: b\n"}), amdgpu, importer.ErrMalformed, "leads nowhere"},
		{"no such driver", good(t), whence.Options{Drivers: []string{"xe"}}, importer.ErrNothing, "[xe]"},
		{"cut off", good(t)[:1700], amdgpu, nil, "unexpected EOF"},
		{"WHENCE that is too long", release(t, file{"WHENCE", text + strings.Repeat(" ", 8<<20)}), amdgpu, bounded.ErrLimit, "WHENCE: "},
		{"nothing asked for", good(t), whence.Options{}, nil, "--driver"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := whence.Import(t.Context(), decompress.Held(tc.archive), "x.tar", tc.o)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
}

// TestSignature: it is over the archive as it is before compression.
func TestSignature(t *testing.T) {
	at := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return now.AddDate(0, -1, 0) }}
	sign := func(b []byte, armoured bool) (signature []byte, keyring *pgp.Keyring) {
		key, err := openpgp.NewEntity("Linux Firmware", "", "lf@example.org", at)
		if err != nil {
			t.Fatal(err)
		}
		var sig, public bytes.Buffer
		make := openpgp.DetachSign
		if armoured {
			make = openpgp.ArmoredDetachSign
		}
		if err := make(&sig, key, bytes.NewReader(b), at); err != nil {
			t.Fatal(err)
		}
		if err := key.Serialize(&public); err != nil {
			t.Fatal(err)
		}
		if keyring, err = pgp.ParseKeyring(public.Bytes()); err != nil {
			t.Fatal(err)
		}
		return sig.Bytes(), keyring
	}
	plain := good(t)
	signature, keyring := sign(plain, false)
	armoured, other := sign(plain, true)
	changed := bytes.Replace(plain, []byte("sos\x00"), []byte("SOS\x00"), 1)
	for _, tc := range []struct {
		name      string
		archive   []byte
		signature []byte
		keyring   *pgp.Keyring
		want      string
	}{
		{"as it is", plain, signature, keyring, "verified"},
		{"compressed", zipped(t, plain), signature, keyring, "verified"},
		{"armoured", plain, armoured, other, "verified"},
		{"changed", zipped(t, changed), signature, keyring, "failed"},
		{"another key", plain, signature, other, "failed"},
		{"no signature", plain, nil, keyring, "failed"},
		{"signature of nothing", plain, []byte("x"), keyring, "failed"},
		{"no keyring", plain, signature, nil, "unverified"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := whence.Import(t.Context(), decompress.Held(tc.archive), "x", whence.Options{Drivers: []string{"amdgpu"}, Signature: tc.signature, Keyring: tc.keyring, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if p := r.Provenance; p.Signature != tc.want || (p.Signer != "") != (tc.want == "verified") {
				t.Errorf("provenance is %+v, want %s", p, tc.want)
			}
		})
	}
}

// TestRealRelease reads a release that LINUX_FIRMWARE names.
func TestRealRelease(t *testing.T) {
	name := os.Getenv("LINUX_FIRMWARE")
	if name == "" {
		t.Skip("LINUX_FIRMWARE names no release")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, driver := range []string{"amdgpu", "radeon", "nouveau", "i915"} {
		r, err := whence.Import(t.Context(), decompress.Held(b), name, whence.Options{Drivers: []string{driver}})
		if err != nil && !errors.Is(err, importer.ErrNothing) { // an old one has no amdgpu
			t.Fatal(driver, err)
		}
		if err == nil {
			files += len(r.Firmware)
			t.Logf("%s: %d files, not taken: %v", driver, len(r.Firmware), r.Provenance.Unmapped)
		}
	}
	if files == 0 {
		t.Error("it has no firmware of graphics drivers")
	}
}

func FuzzImport(f *testing.F) {
	f.Add(good(f))
	f.Add(zipped(f, good(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := whence.Import(t.Context(), decompress.Held(b), "x", whence.Options{Drivers: []string{"amdgpu", ""}})
		if err != nil {
			return
		}
		base := manifest.Baseline{Name: "n", Vendor: "v", Sequence: 1, Issued: now, Expires: now.AddDate(1, 0, 0)}
		if _, err := importer.Predicate([]*importer.Result{r}, base, []manifest.Device{{VendorID: "1002", DeviceID: "73ff"}}); err != nil {
			t.Errorf("what was imported is no manifest: %v", err)
		}
	})
}
