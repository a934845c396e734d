package debpkg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/debpkg"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

const drm = "lib/modules/6.1.0-1-amd64/kernel/drivers/gpu/drm/"

// TestModules: a module's digest is of its decompressed content, whatever the
// package and the file are compressed with.
func TestModules(t *testing.T) {
	want := importer.Digest(module("amdgpu"))
	for _, suffix := range []string{"", ".gz", ".xz", ".zst"} {
		for _, folder := range []string{drm, "usr/" + drm, "lib/modules/6.1.0-1-amd64/updates/dkms/"} {
			pkg := deb(t, suffix, map[string]string{folder + "amdgpu.ko" + suffix: string(pack(t, suffix, module("amdgpu"))), "usr/share/doc/x": "text"})
			r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", debpkg.Options{Modules: []string{"amdgpu"}})
			if err != nil {
				t.Fatal(suffix, err)
			}
			if len(r.Drivers) != 1 || r.Drivers[0] != (manifest.Driver{Module: "amdgpu", Version: "6.1.1-1", SHA256: want}) {
				t.Errorf("%s: drivers are %+v", suffix, r.Drivers)
			}
			if p := r.Provenance; p.Signature != manifest.SignatureUnsigned || p.SHA256 != importer.Digest(pkg) || p.Format != "debian" || p.File != "x.deb" {
				t.Errorf("provenance is %+v", p)
			}
		}
	}
}

// TestModuleNames: the kernel takes a dash for an underscore; a module's own
// version comes before the package's.
func TestModuleNames(t *testing.T) {
	file := string(hosttest.ELF(map[string]string{"name": "nvidia_drm", "version": "580.95.05"}))
	pkg := deb(t, "", map[string]string{"lib/modules/1/updates/nvidia-drm.ko": file})
	for _, name := range []string{"nvidia-drm", "nvidia_drm"} {
		r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", debpkg.Options{Modules: []string{name}})
		if err != nil || r.Drivers[0].Module != "nvidia_drm" || r.Drivers[0].Version != "580.95.05" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestFirmware(t *testing.T) {
	pkg := deb(t, ".xz", map[string]string{
		"lib/firmware/amdgpu/navi23_sos.bin":  "sos",
		"lib/firmware/amdgpu/navi23_vcn.bin":  "-> navi24_vcn.bin",
		"lib/firmware/amdgpu/navi24_vcn.bin":  "vcn",
		"lib/firmware/amdgpu/navi25.bin":      "-> ../other/x.bin",
		"lib/firmware/amdgpu/loop.bin":        "-> loop.bin",
		"lib/firmware/radeon/a.bin":           "sos",
		"lib/firmware/radeon/b.bin":           "=> ./lib/firmware/radeon/a.bin",
		"lib/firmware/nvidia/gsp.bin.xz":      string(pack(t, "x.xz", []byte("gsp"))),
		"usr/lib/firmware/i915/adlp_guc.bin":  "guc",
		"usr/share/doc/firmware/changelog.gz": "x",
	})
	for _, tc := range []struct {
		patterns []string
		want     string
		left     int
	}{
		{[]string{"amdgpu/navi23_*"}, "amdgpu/navi23_sos.bin=sos amdgpu/navi23_vcn.bin=vcn", 0},
		{[]string{"amdgpu"}, "amdgpu/navi23_sos.bin=sos amdgpu/navi23_vcn.bin=vcn amdgpu/navi24_vcn.bin=vcn", 2},
		{[]string{"radeon"}, "radeon/a.bin=sos radeon/b.bin=sos", 0},
		{[]string{"nvidia/", "i915/*"}, "i915/adlp_guc.bin=guc nvidia/gsp.bin=gsp", 0},
	} {
		r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", debpkg.Options{Firmware: tc.patterns})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Firmware {
			for _, content := range []string{"sos", "vcn", "gsp", "guc"} {
				if f.SHA256 == importer.Digest([]byte(content)) && f.Kind == manifest.RuntimeFile && f.Version == "6.1.1-1" {
					got = append(got, f.File+"="+content)
				}
			}
		}
		if strings.Join(got, " ") != tc.want || len(r.Provenance.Unmapped) != tc.left {
			t.Errorf("%v: %v, left out %v", tc.patterns, got, r.Provenance.Unmapped)
		}
	}
}

// TestChain: every link from the signed Release file to the package, broken.
func TestChain(t *testing.T) {
	pkg := deb(t, ".xz", map[string]string{drm + "amdgpu.ko": string(module("amdgpu"))})
	us, them := key(t, "archive"), key(t, "stranger")
	stanza := strings.SplitAfter(control, "Description")[0] + ": x\n"
	packages := index(pkg, stanza)
	packed := pack(t, "Packages.xz", packages)
	const listed = "main/binary-amd64/Packages.xz"
	flip := func(b []byte, mark string) []byte {
		c := bytes.Clone(b)
		c[bytes.Index(c, []byte(mark))] ^= 1
		return c
	}
	for _, tc := range []struct {
		name             string
		release, index   []byte
		keys             []byte
		at               time.Time
		verdict, signer  string
		detail, imported string
	}{
		{"verified", inRelease(t, us, packed, listed), packed, public(t, us), now, "verified", "archive <archive@example.org>", "Example bookworm of Mon, 23 Nov 2026 00:00:00 UTC", ""},
		{"index given decompressed", inRelease(t, us, packages, "main/binary-amd64/Packages"), packed, public(t, us), now, "verified", "archive", "", ""},
		{"one of several keys", inRelease(t, us, packed, listed), packed, append(public(t, them), public(t, us)...), now, "verified", "archive", "", ""},
		{"no keyring", inRelease(t, us, packed, listed), packed, nil, now, "unverified", "", "", ""},
		{"no keyring, and another index", inRelease(t, us, []byte("x"), listed), packed, nil, now, "unverified", "", "", ""},
		{"another key", inRelease(t, them, packed, listed), packed, public(t, us), now, "failed", "", "signature made by unknown entity", ""},
		{"key expired", inRelease(t, us, packed, listed), packed, public(t, us), now.AddDate(2, 0, 0), "failed", "", "expired", ""},
		{"Release changed", flip(inRelease(t, us, packed, listed), "bookworm"), packed, public(t, us), now, "failed", "", "does not verify", ""},
		{"text before the signed one", append([]byte("Origin: Evil\n"), inRelease(t, us, packed, listed)...), packed, public(t, us), now, "failed", "", "text beside", ""},
		{"text behind the signed one", append(inRelease(t, us, packed, listed), "Origin: Evil\n"...), packed, public(t, us), now, "failed", "", "text beside", ""},
		{"no Release", []byte("text"), packed, public(t, us), now, "failed", "", "no clear-signed document", ""},
		{"index changed", inRelease(t, us, packed, listed), pack(t, "x.xz", append(packages, '\n')), public(t, us), now, "failed", "", "does not name this package index", ""},
		{"no index but a source list", inRelease(t, us, packed, "main/source/Sources.xz"), packed, public(t, us), now, "failed", "", "does not name this package index", ""},
		{"index cut off", inRelease(t, us, packed[:40], listed), packed[:40], public(t, us), now, "failed", "", "package index", ""},
		{"package changed", inRelease(t, us, index([]byte("x"), stanza), listed), index([]byte("x"), stanza), public(t, us), now, "failed", "", "does not name this package", ""},
		{"another version of it", inRelease(t, us, index(pkg, strings.Replace(stanza, "6.1.1-1", "6.1.2-1", 1)), listed), index(pkg, strings.Replace(stanza, "6.1.1-1", "6.1.2-1", 1)), public(t, us), now, "failed", "", "under its own version", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := debpkg.Options{Modules: []string{"amdgpu"}, InRelease: tc.release, Packages: tc.index, Now: tc.at}
			if tc.keys != nil {
				var err error
				if o.Keyring, err = pgp.ParseKeyring(tc.keys); err != nil {
					t.Fatal(err)
				}
			}
			r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", o)
			if err != nil {
				t.Fatal(err)
			}
			p := r.Provenance
			if p.Signature != tc.verdict || !strings.Contains(p.Signer, tc.signer) || (p.Signer != "") != (tc.signer != "") || !strings.Contains(p.Detail, tc.detail) {
				t.Errorf("provenance is %+v, want %s by %q, %q", p, tc.verdict, tc.signer, tc.detail)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	good := deb(t, ".xz", map[string]string{drm + "amdgpu.ko": string(module("amdgpu")), drm + "i915.ko": string(module("i915"))})
	keyring, err := pgp.ParseKeyring(public(t, key(t, "archive")))
	if err != nil {
		t.Fatal(err)
	}
	amdgpu := debpkg.Options{Modules: []string{"amdgpu"}}
	wrongSum := archive(t, map[string]string{"control": control, "md5sums": strings.Repeat("0", 32) + "  " + drm + "amdgpu.ko\n"})
	data := string(archive(t, map[string]string{drm + "amdgpu.ko": string(module("amdgpu"))}))
	info := string(archive(t, map[string]string{"control": control}))
	for _, tc := range []struct {
		name string
		deb  []byte
		o    debpkg.Options
		want error
		text string
	}{
		{"no ar archive", []byte("text"), amdgpu, importer.ErrMalformed, "no ar archive"},
		{"cut off", good[:len(good)-9], amdgpu, importer.ErrMalformed, "does not fit in"},
		{"members in another order", ar("debian-binary", "2.0\n", "data.tar", data, "control.tar", info), amdgpu, importer.ErrMalformed, "not the members"},
		{"another version of the format", ar("debian-binary", "3.0\n", "control.tar", info, "data.tar", data), amdgpu, importer.ErrMalformed, "not the members"},
		{"no control file", ar("debian-binary", "2.0\n", "control.tar", "", "data.tar", data), amdgpu, importer.ErrMalformed, "no package name"},
		{"a broken tar", ar("debian-binary", "2.0\n", "control.tar", info, "data.tar", data[:700]), amdgpu, importer.ErrMalformed, "data.tar"},
		{"a module that is none", deb(t, "", map[string]string{drm + "amdgpu.ko": "text"}), amdgpu, kmod.ErrMalformed, "amdgpu.ko"},
		{"the module twice", ar("debian-binary", "2.0\n", "control.tar", info, "data.tar", data[:len(data)-1024]+data), amdgpu, importer.ErrMalformed, "comes twice"},
		{"not what md5sums says", ar("debian-binary", "2.0\n", "control.tar", string(wrongSum), "data.tar", data), amdgpu, importer.ErrMalformed, "md5sums"},
		{"no such module", good, debpkg.Options{Modules: []string{"xe"}}, importer.ErrNothing, "graphics modules are [amdgpu i915]"},
		{"no such firmware", good, debpkg.Options{Firmware: []string{"x/*"}}, importer.ErrNothing, "no firmware file"},
		{"nothing asked for", good, debpkg.Options{}, nil, "say which modules"},
		{"keyring and nothing signed", good, debpkg.Options{Modules: []string{"amdgpu"}, Keyring: keyring}, nil, "InRelease and Packages"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := debpkg.Import(t.Context(), decompress.Held(tc.deb), "x.deb", tc.o)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
}

func FuzzImport(f *testing.F) {
	f.Add(deb(f, "", map[string]string{drm + "amdgpu.ko": string(module("amdgpu")), "lib/firmware/amdgpu/x.bin": "x", "lib/firmware/amdgpu/y.bin": "-> x.bin"}))
	f.Add(deb(f, ".xz", map[string]string{drm + "amdgpu.ko": string(module("amdgpu"))}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := debpkg.Import(t.Context(), decompress.Held(b), "x.deb", debpkg.Options{Modules: []string{"amdgpu"}, Firmware: []string{"amdgpu"}})
		if err != nil {
			return
		}
		base := manifest.Baseline{Name: "n", Vendor: "v", Sequence: 1, Issued: now, Expires: now.AddDate(1, 0, 0)}
		if _, err := importer.Predicate([]*importer.Result{r}, base, []manifest.Device{{VendorID: "1002", DeviceID: "73ff"}}); err != nil {
			t.Errorf("what was imported is no manifest: %v", err)
		}
	})
}

func FuzzRelease(f *testing.F) {
	us := key(f, "archive")
	pkg := deb(f, "", map[string]string{drm + "amdgpu.ko": string(module("amdgpu"))})
	packages := index(pkg, control)
	keyring, err := pgp.ParseKeyring(public(f, us))
	if err != nil {
		f.Fatal(err)
	}
	good := inRelease(f, us, packages, "main/binary-amd64/Packages")
	f.Add(good, packages)
	f.Fuzz(func(t *testing.T, release, packages []byte) {
		if len(release) == 0 || len(packages) == 0 {
			return
		}
		r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", debpkg.Options{Modules: []string{"amdgpu"}, InRelease: release, Packages: packages, Keyring: keyring, Now: now})
		if err == nil && r.Provenance.Signature == manifest.SignatureVerified && !bytes.Equal(bytes.TrimSpace(release), bytes.TrimSpace(good)) {
			// Lines may end otherwise, and armour may be wrapped otherwise.
			if text, _, _ := pgp.Clearsigned(release, keyring, now); !bytes.Contains(text, []byte(importer.Digest(packages))) {
				t.Errorf("verified:\n%s", release)
			}
		}
	})
}

// TestDebian verifies a package of the distribution that runs here, from its
// real archive, and compares with what dpkg-deb and sha256sum say of it.
func TestDebian(t *testing.T) {
	if testing.Short() {
		t.Skip("downloads a package")
	}
	pkg, release, packages := download(t, "firmware-linux-free")
	ring, err := os.ReadFile("/usr/share/keyrings/debian-archive-keyring.gpg")
	if err != nil {
		t.Skip("no keyring of Debian's archive")
	}
	keyring, err := pgp.ParseKeyring(ring)
	if err != nil {
		t.Fatal(err)
	}
	r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", debpkg.Options{Firmware: []string{"isci"}, InRelease: release, Packages: packages, Keyring: keyring, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if r.Provenance.Signature != manifest.SignatureVerified || !strings.Contains(r.Provenance.Signer, "Debian") || len(r.Firmware) == 0 {
		t.Errorf("%+v", r)
	}
	name := filepath.Join(t.TempDir(), "x.deb")
	if err := os.WriteFile(name, pkg, 0o600); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("dpkg-deb")
	if err != nil {
		t.Skip("dpkg-deb is not installed: nothing to compare with")
	}
	dir := t.TempDir()
	if out, err := exec.Command(tool, "-x", name, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range r.Firmware {
		content, err := os.ReadFile(filepath.Join(dir, "lib/firmware", f.File))
		if err != nil || importer.Digest(content) != f.SHA256 {
			t.Errorf("%s: dpkg-deb unpacks another file, %v", f.File, err)
		}
	}
	pkg[len(pkg)-1] ^= 1
	if r, err := debpkg.Import(t.Context(), decompress.Held(pkg), "x.deb", debpkg.Options{Firmware: []string{"isci"}, InRelease: release, Packages: packages, Keyring: keyring, Now: time.Now()}); err == nil && r.Provenance.Signature != manifest.SignatureFailed {
		t.Errorf("a changed package is %+v", r.Provenance)
	}
}

// download fetches a package with apt, with the signed index that it is from.
func download(t *testing.T, name string) (pkg, release, packages []byte) {
	t.Helper()
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		t.Skip("apt is not installed")
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, apt, "download", "-q", name)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no package to be had: %s", out)
	}
	debs, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	lists, _ := filepath.Glob("/var/lib/apt/lists/*_dists_*_InRelease")
	if len(debs) != 1 {
		t.Skipf("apt left %v", debs)
	}
	if pkg, err = os.ReadFile(debs[0]); err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		indexes, _ := filepath.Glob(strings.TrimSuffix(list, "InRelease") + "main_binary-*_Packages*")
		for _, file := range indexes {
			packages, err := exec.Command("/usr/lib/apt/apt-helper", "cat-file", file).Output()
			if err == nil && bytes.Contains(packages, []byte(importer.Digest(pkg))) {
				release, err := os.ReadFile(list)
				if err != nil {
					t.Fatal(err)
				}
				return pkg, release, packages
			}
		}
	}
	t.Skip(fmt.Sprint("apt keeps no index of the package in ", lists))
	return nil, nil, nil
}
