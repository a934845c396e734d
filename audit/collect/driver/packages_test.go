package driver_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect/driver"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const goodModule = "lib/modules/6.1.0-40-amd64/kernel/drivers/gpu/amdgpu.ko"

// packaged collects the driver of the one card of a host.
func packaged(t *testing.T, h *hosttest.Host) (*inventory.ModuleFile, []inventory.Gap) {
	t.Helper()
	d := inventory.Device{Address: "0000:03:00.0"}
	if err := driver.Collector().Device(t.Context(), h.Env(), &d); err != nil {
		t.Fatal(err)
	}
	return d.Driver.Module.File, d.Gaps
}

// TestManagers: each package manager's database names the owner and tells a changed
// file, whether lib is a link or not, and whichever of the two spellings it has.
func TestManagers(t *testing.T) {
	versions := map[string]string{"rpm": "6.1.153-1", "pacman": "6.1.153-1", "apk": "6.1.153-1"}
	for manager, version := range versions {
		for _, lib := range []string{"lib", "usr/lib"} {
			for _, merged := range []bool{false, true} {
				make := func() *hosttest.Host {
					h := hosttest.Good()
					if merged {
						h.MergedUsr()
					}
					return h.PackagedBy(manager, lib)
				}
				name := manager + " " + lib
				h := make()
				f, gaps := packaged(t, h)
				if p := f.Package; p == nil || p.Manager != manager || p.Name != "kernel-example" || p.Version == nil || *p.Version != version || p.Digest == nil || *p.Digest != "match" || !*f.PackageOwned {
					t.Errorf("%s, merged %v: package %+v, gaps %v", name, merged, p, gaps)
				}
				at := goodModule
				if merged {
					at = "usr/" + goodModule
				}
				h = make()
				h.FS[at].Data = hosttest.ELF(map[string]string{"name": "amdgpu"})
				if f, _ := packaged(t, h); f.Package == nil || f.Package.Digest == nil || *f.Package.Digest != "mismatch" {
					t.Errorf("%s, merged %v: a changed file: %+v", name, merged, f.Package)
				}
			}
		}
		h := hosttest.Good()
		h.Module("other", map[string]string{"name": "other"}).PackagedBy(manager, "lib")
		h.File("lib/modules/6.1.0-40-amd64/updates/amdgpu.ko", string(hosttest.ELF(map[string]string{"name": "amdgpu"})))
		h.File("lib/modules/6.1.0-40-amd64/modules.dep", "updates/amdgpu.ko:\n")
		if f, gaps := packaged(t, h); f.PackageOwned == nil || *f.PackageOwned || f.Package != nil {
			t.Errorf("%s: a module that was built here: %v, %+v, gaps %v", manager, f.PackageOwned, f.Package, gaps)
		}
	}
}

// TestNoManager: a machine without a database says so by not-present; the rules ask
// for that reason.
func TestNoManager(t *testing.T) {
	f, gaps := packaged(t, hosttest.Good().PackagedBy("", ""))
	if f.PackageOwned != nil || len(gaps) == 0 || gaps[0].Fact != "/driver/module/file/package" || gaps[0].Reason != inventory.ReasonNotPresent {
		t.Errorf("owned %v, gaps %v", f.PackageOwned, gaps)
	}
	// Databases with nothing in them are those of tools that were only installed.
	h := hosttest.Good().PackagedBy("", "").Dir("var/lib/pacman/local").File("lib/apk/db/installed", "").File("var/lib/dpkg/status", "")
	h.Dir("var/lib/dpkg/info").File("var/lib/rpm/Packages.db", emptyNDB())
	if f, gaps := packaged(t, h); f.PackageOwned != nil || gaps[0].Reason != inventory.ReasonNotPresent {
		t.Errorf("empty databases: owned %v, gaps %v", f.PackageOwned, gaps)
	}
	// What cannot be read is no absence.
	h.File("var/lib/rpm/Packages.db", "this is no database, and long enough to be looked at")
	if f, gaps := packaged(t, h); f.PackageOwned != nil || gaps[0].Reason != inventory.ReasonMalformed {
		t.Errorf("broken database: owned %v, gaps %v", f.PackageOwned, gaps)
	}
}

func emptyNDB() string {
	return "RpmP\x00\x00\x00\x00\x00\x00\x00\x00\x01" + strings.Repeat("\x00", 4096-13)
}

// TestSecondDatabase: a file that the first database lacks is looked for in the next.
func TestSecondDatabase(t *testing.T) {
	h := hosttest.Good().PackagedBy("rpm", "lib")
	h.File("var/lib/dpkg/info/base.list", "/.\n/etc\n")
	if f, gaps := packaged(t, h); f.Package == nil || f.Package.Manager != "rpm" {
		t.Errorf("package %+v, gaps %v", f.Package, gaps)
	}
}

// TestRealRPM reads the database that rpm itself made.
func TestRealRPM(t *testing.T) {
	raw, err := os.ReadFile("../../rpmdb/testdata/rpmdb.sqlite.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	db, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	const name = "kernel/drivers/gpu/m77.ko"
	h := hosttest.Good().PackagedBy("", "").MergedUsr().File("var/lib/rpm/rpmdb.sqlite", string(db))
	h.File("usr/lib/modules/6.1.0-40-amd64/"+name, "module 77\n").File("usr/lib/modules/6.1.0-40-amd64/modules.dep", name+":\n")
	h.Link("sys/bus/pci/drivers/amdgpu/module", "sys/module/m77").File("sys/module/m77/taint", "\n")
	for what, fsys := range map[string]fs.FS{"at any place": h.FS, "from its beginning": streams{h.FS}} {
		env := h.Env()
		env.FS = fsys
		d := inventory.Device{Address: "0000:03:00.0"}
		if err := driver.Collector().Device(t.Context(), env, &d); err != nil {
			t.Fatal(err)
		}
		p := d.Driver.Module.File.Package
		if p == nil || p.Name != "kernel-example" || *p.Version != "6.1.0-40.el9" || p.Digest == nil || *p.Digest != "match" {
			t.Errorf("read %s: package %+v, gaps %v", what, p, d.Gaps)
		}
	}
}

// streams gives files that can be read from their beginning to their end only.
type streams struct{ fstest.MapFS }

func (s streams) Open(name string) (fs.File, error) {
	f, err := s.MapFS.Open(name)
	if _, dir := f.(fs.ReadDirFile); dir || err != nil {
		return f, err
	}
	return struct{ fs.File }{f}, nil
}

// TestNoModuleLink: a driver without the link to its module has the loaded module of
// its name.
func TestNoModuleLink(t *testing.T) {
	h := hosttest.Good().Remove("sys/bus/pci/drivers/amdgpu/module")
	d := inventory.Device{Address: "0000:03:00.0"}
	if err := driver.Collector().Device(t.Context(), h.Env(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Driver.Module == nil || d.Driver.Module.Name != "amdgpu" || d.Driver.Module.Taint == nil || d.Driver.Module.File == nil {
		t.Errorf("driver %+v, gaps %v", d.Driver, d.Gaps)
	}
	// A module of another name, or one that is not loaded, is nobody's.
	h.Remove("sys/module/amdgpu").Dir("sys/module/amdgpu/parameters")
	d = inventory.Device{Address: "0000:03:00.0"}
	if err := driver.Collector().Device(t.Context(), h.Env(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Driver.Module != nil {
		t.Errorf("module %+v", d.Driver.Module)
	}
}
