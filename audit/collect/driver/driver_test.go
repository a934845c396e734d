package driver_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/driver"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	address = "0000:01:00.0"
	modules = "usr/lib/modules/6.1.0-50-amd64/"
	file    = modules + "updates/dkms/nvidia-gpu.ko"
	info    = "var/lib/dpkg/info/"
)

// machine has a loaded module nvidia_gpu, whose file is nvidia-gpu.ko, on a
// root whose lib is a link to usr/lib, as distributions have it.
func machine() fstest.MapFS {
	ko := driver.ModuleForTest("version=580.95.05", "license=NVIDIA", "srcversion=ABC", "firmware=nv/gsp.bin", "firmware=nv/none.bin")
	m := fstest.MapFS{
		"lib": {Data: []byte("usr/lib"), Mode: fs.ModeSymlink},
		"sys/bus/pci/devices/" + address + "/driver": {Data: []byte("../../../../bus/pci/drivers/nvidia"), Mode: fs.ModeSymlink},
		"sys/bus/pci/drivers/nvidia/module":          {Data: []byte("../../../../module/nvidia_gpu"), Mode: fs.ModeSymlink},
		file:                                         {Data: ko},
	}
	for name, text := range map[string]string{
		"proc/sys/kernel/osrelease":        "6.1.0-50-amd64\n",
		"sys/module/nvidia_gpu/initstate":  "live\n",
		"sys/module/nvidia_gpu/taint":      "OE\n",
		"sys/module/nvidia_gpu/version":    "580.95.05\n",
		"sys/module/nvidia_gpu/srcversion": "DEF\n",
		modules + "modules.builtin":        "kernel/drivers/gpu/drm/simple-drm.ko\n",
		modules + "modules.dep":            "kernel/a.ko: kernel/b.ko\nupdates/dkms/nvidia-gpu.ko: kernel/a.ko\n",
		info + "base-files.list":           "/.\n/etc\n",
		info + "linux-image.list":          "/.\n/lib/modules/6.1.0-50-amd64/kernel/a.ko\n",
		info + "linux-image.md5sums":       "d41d8cd98f00b204e9800998ecf8427e  lib/modules/6.1.0-50-amd64/kernel/a.ko\n",
		"var/lib/dpkg/status":              "Package: linux-image\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.176-1\n\n",
		"usr/lib/firmware/nv/gsp.bin":      "abc",
	} {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
	}
	return m
}

func run(t testing.TB, fsys fs.FS) inventory.Device {
	t.Helper()
	d := inventory.Device{Address: address}
	if err := driver.Collector().Device(t.Context(), &collect.Env{FS: fsys, Derive: collect.Memo()}, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDKMSModule(t *testing.T) {
	d := run(t, machine())
	if len(d.Gaps) != 0 {
		t.Errorf("gaps: %+v", d.Gaps)
	}
	m := d.Driver.Module
	if d.Driver.Name != "nvidia" || *d.Driver.BuiltIn || m.Name != "nvidia_gpu" || *m.Version != "580.95.05" || *m.SrcVersion != "DEF" || *m.Taint != "OE" {
		t.Errorf("driver %+v, module %+v", d.Driver, m)
	}
	f := m.File
	if f.Path != "lib/modules/6.1.0-50-amd64/updates/dkms/nvidia-gpu.ko" || *f.SrcVersion != "ABC" || *f.License != "NVIDIA" || *f.InTree || f.Signature.Present {
		t.Errorf("file %+v", f)
	}
	if f.SHA256 != f.ContentSHA256 || len(f.SHA256) != 64 || f.Compression != nil {
		t.Errorf("digests %+v", f)
	}
	if f.PackageOwned == nil || *f.PackageOwned || f.Package != nil {
		t.Errorf("owner is %v, %v; want none, for certain", f.PackageOwned, f.Package)
	}
	got, _ := json.Marshal(d.Firmware.Runtime)
	want := `[{"name":"nv/gsp.bin","path":"lib/firmware/nv/gsp.bin","bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},{"name":"nv/none.bin"}]`
	if string(got) != want {
		t.Errorf("firmware is\n%s, want\n%s", got, want)
	}
}

type change func(fstest.MapFS)

func put(name, text string) change {
	return func(m fstest.MapFS) { m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o444} }
}

func remove(prefix string) change {
	return func(m fstest.MapFS) {
		for name := range m {
			if strings.HasPrefix(name, prefix) {
				delete(m, name)
			}
		}
	}
}

func all(changes ...change) change {
	return func(m fstest.MapFS) {
		for _, c := range changes {
			c(m)
		}
	}
}

// pack compresses the module in place.
func pack(t *testing.T, suffix string) change {
	return func(m fstest.MapFS) {
		put(file+"."+suffix, string(driver.PackForTest(t, suffix, m[file].Data)))(m)
		delete(m, file)
		put(modules+"modules.dep", "updates/dkms/nvidia-gpu.ko."+suffix+":\n")(m)
	}
}

// own makes a package own the module with the MD5 of these bytes.
func own(list, path string, sum func(fstest.MapFS) []byte) change {
	return func(m fstest.MapFS) {
		put(info+list+".list", "/.\n/"+path+"\n/x\n")(m)
		digest := md5.Sum(sum(m))
		put(info+list+".md5sums", hex.EncodeToString(digest[:])+"  "+path+"\n")(m)
	}
}

func module(m fstest.MapFS) []byte { return m[file].Data }

func TestOneChange(t *testing.T) {
	short := strings.TrimPrefix(file, "usr/")
	content := func(d inventory.Device) any { return d.Driver.Module.File.Compression }
	plain := run(t, machine()).Driver.Module.File.ContentSHA256
	same := func(d inventory.Device) any {
		f := d.Driver.Module.File
		return *f.Compression + fmt.Sprint(f.ContentSHA256 == plain, f.SHA256 != plain)
	}
	pkg := func(d inventory.Device) any {
		f := d.Driver.Module.File
		return []any{f.PackageOwned, f.Package}
	}
	builtIn := func(d inventory.Device) any { return []any{d.Driver.BuiltIn, d.Driver.Module != nil} }
	path := func(d inventory.Device) any {
		if f := d.Driver.Module.File; f != nil {
			return f.Path
		}
		return nil
	}
	firmware := func(d inventory.Device) any { return d.Firmware.Runtime }
	const gspSum = `"bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}`
	for _, tc := range []struct {
		name   string
		change change
		fact   func(inventory.Device) any
		want   string // JSON
		gap    string // fact and reason, "" for none
	}{
		{"no driver", remove("sys/bus/pci/devices/" + address + "/driver"), func(d inventory.Device) any { return d.Driver }, `null`, "/driver not-present"},
		{"device without driver", all(remove("sys/bus/pci/devices/"), put("sys/bus/pci/devices/"+address+"/vendor", "0x10de")), func(d inventory.Device) any { return d.Driver }, `null`, ""},
		{"link broken off", all(remove("sys/bus/pci/drivers"), remove("sys/module")), builtIn, `[null,false]`, "/driver/module not-present"},
		{"link broken off: firmware", all(remove("sys/bus/pci/drivers"), remove("sys/module")), func(d inventory.Device) any { return d.Firmware.Runtime }, `null`, "/firmware/runtime not-present"},
		{"built in", all(remove("sys/module"), put(modules+"modules.builtin", "kernel/nvidia-gpu.ko\n")), builtIn, `[true,false]`, "/firmware/runtime not-supported"},
		{"built in with parameters", all(remove("sys/module"), put("sys/module/nvidia_gpu/parameters/x", "1"), put(modules+"modules.builtin", "kernel/nvidia_gpu.ko\n")), builtIn, `[true,false]`, "/firmware/runtime not-supported"},
		{"taint unknown", remove("sys/module/nvidia_gpu/taint"), func(d inventory.Device) any { return d.Driver.Module.Taint }, `null`, "/driver/module/taint not-present"},
		{"no taint", put("sys/module/nvidia_gpu/taint", "\n"), func(d inventory.Device) any { return d.Driver.Module.Taint }, `""`, ""},
		{"no version", remove("sys/module/nvidia_gpu/version"), func(d inventory.Device) any { return d.Driver.Module.Version }, `null`, ""},
		{"no release", remove("proc/sys"), path, `null`, "/driver/module/file not-present"},
		{"release with a path", put("proc/sys/kernel/osrelease", "../../etc"), path, `null`, "/driver/module/file malformed"},
		{"index leaves the root", put(modules+"modules.dep", "../../../../../nvidia-gpu.ko:\n"), path, `null`, "/driver/module/file malformed"},
		{"absolute index", put(modules+"modules.dep", "/"+short+":\n"), path, `"` + short + `"`, ""},
		{"no index", remove(modules + "modules.dep"), path, `"` + short + `"`, ""},
		{"updates win", all(remove(modules+"modules.dep"), put(modules+"kernel/nvidia_gpu.ko", "x")), path, `"` + short + `"`, ""},
		{"file is gone", all(remove(modules+"updates"), put(modules+"modules.dep", "")), path, `null`, "/driver/module/file not-present"},
		{"no module directory", remove("usr/lib/modules"), path, `null`, "/driver/module/file not-present"},
		{"gz", pack(t, "gz"), same, `"gztrue true"`, ""},
		{"xz", pack(t, "xz"), same, `"xztrue true"`, ""},
		{"zst", pack(t, "zst"), same, `"zsttrue true"`, ""},
		{"zst broken", all(pack(t, "zst"), put(file+".zst", "text")), content, `"zst"`, "/driver/module/file/signature malformed"},
		{"no ELF", put(file, "text"), func(d inventory.Device) any { return d.Driver.Module.File.Bytes }, `4`, "/driver/module/file/version malformed"},
		{"owned under lib", own("nv", short, module), pkg, `[true,{"manager":"dpkg","name":"nv","digest":"match"}]`, "/driver/module/file/package/version malformed"},
		{"owned under usr/lib", own("linux-image", file, module), pkg, `[true,{"manager":"dpkg","name":"linux-image","version":"6.1.176-1","digest":"match"}]`, ""},
		{"owned for an architecture", own("linux-image:amd64", file, module), pkg, `[true,{"manager":"dpkg","name":"linux-image","version":"6.1.176-1","digest":"match"}]`, ""},
		{"changed", own("linux-image", file, func(fstest.MapFS) []byte { return []byte("other") }), pkg, `[true,{"manager":"dpkg","name":"linux-image","version":"6.1.176-1","digest":"mismatch"}]`, ""},
		{"no digest", all(own("linux-image", file, module), remove(info+"linux-image.md5sums")), pkg, `[true,{"manager":"dpkg","name":"linux-image","version":"6.1.176-1"}]`, ""},
		{"part of a name", put(info+"linux-image.list", "/"+file+".old\n/x/"+file+"\n"), pkg, `[false,null]`, ""},
		{"no database", remove("var/lib/dpkg"), pkg, `[null,null]`, "/driver/module/file/package not-present"},
		{"dpkg without lists", remove(info), pkg, `[null,null]`, "/driver/module/file/package not-present"},
		{"a list cannot be read", func(m fstest.MapFS) { m[info+"z.list/x"] = &fstest.MapFile{} }, pkg, `[null,null]`, "/driver/module/file/package io-error"},
		{"firmware of updates", put("usr/lib/firmware/updates/nv/none.bin", "abc"), firmware,
			`[{"name":"nv/gsp.bin","path":"lib/firmware/nv/gsp.bin",` + gspSum + `,{"name":"nv/none.bin","path":"lib/firmware/updates/nv/none.bin",` + gspSum + `]`, ""},
		{"firmware compressed", all(put("usr/lib/firmware/nv/gsp.bin.zst", string(driver.PackForTest(t, "zst", []byte("abc")))), remove("usr/lib/firmware/nv/gsp.bin\x00"), func(m fstest.MapFS) { delete(m, "usr/lib/firmware/nv/gsp.bin") }), firmware,
			`[{"name":"nv/gsp.bin","path":"lib/firmware/nv/gsp.bin.zst","compression":"zst",` + gspSum + `,{"name":"nv/none.bin"}]`, ""},
		{"firmware by parameter", all(put("sys/module/firmware_class/parameters/path", "/opt/fw\n"), put("opt/fw/nv/gsp.bin", "abc")), firmware,
			`[{"name":"nv/gsp.bin","path":"opt/fw/nv/gsp.bin",` + gspSum + `,{"name":"nv/none.bin"}]`, ""},
		{"no firmware folder", remove("usr/lib/firmware"), firmware, `null`, "/firmware/runtime not-present"},
		{"firmware leaves its folder", put(file, string(driver.ModuleForTest("firmware=../../etc/shadow"))), firmware, `null`, "/firmware/runtime malformed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := machine()
			tc.change(m)
			d := run(t, m)
			if b, _ := json.Marshal(tc.fact(d)); string(b) != tc.want {
				t.Errorf("fact is %s, want %s", b, tc.want)
			}
			gaps := []string{}
			for _, g := range d.Gaps {
				gaps = append(gaps, g.Fact+" "+string(g.Reason))
			}
			if tc.gap == "" && len(gaps) > 0 || tc.gap != "" && !slices.Contains(gaps, tc.gap) {
				t.Errorf("gaps are %v, want %q", d.Gaps, tc.gap)
			}
		})
	}
}

// TestManyFirmwareFiles: of a driver for many chips what is installed is
// listed, and the rest is not.
func TestManyFirmwareFiles(t *testing.T) {
	entries := make([]string, 1100)
	for i := range entries {
		entries[i] = fmt.Sprintf("firmware=nv/%04d.bin", i)
	}
	m := machine()
	put(file, string(driver.ModuleForTest(entries...)))(m)
	put("usr/lib/firmware/nv/0700.bin", "abc")(m)
	put("usr/lib/firmware/nv/1099.bin", "beyond the limit")(m)
	d := run(t, m)
	if len(d.Firmware.Runtime) != 1 || d.Firmware.Runtime[0].Name != "nv/0700.bin" {
		t.Errorf("firmware is %+v", d.Firmware.Runtime)
	}
	if len(d.Gaps) != 1 || d.Gaps[0].Reason != inventory.ReasonLimit {
		t.Errorf("gaps are %+v", d.Gaps)
	}
}

// TestRecordedFacts: where the environment has the facts, no file is read; what
// it has may be broken, and what it lacks is a gap.
func TestRecordedFacts(t *testing.T) {
	recorded := map[string]string{}
	derive := collect.Memo()
	record := func(ctx context.Context, kind, path string, compute func() ([]byte, error)) ([]byte, error) {
		b, err := derive(ctx, kind, path, compute)
		recorded[kind+" "+path] = string(b)
		return b, err
	}
	replay := func(_ context.Context, kind, path string, _ func() ([]byte, error)) ([]byte, error) {
		b, ok := recorded[kind+" "+path]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(b), nil
	}
	m := machine()
	of := func(derive func(context.Context, string, string, func() ([]byte, error)) ([]byte, error)) string {
		d := inventory.Device{Address: address}
		if err := driver.Collector().Device(t.Context(), &collect.Env{FS: m, Derive: derive}, &d); err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(d)
		return string(b)
	}
	live := of(record)
	all(remove("usr"), remove("var"), remove("lib"))(m)
	if got := of(replay); got != live {
		t.Errorf("replayed facts are\n%s, want\n%s", got, live)
	}
	for key := range recorded {
		recorded[key] = "{"
	}
	if got := of(replay); !strings.Contains(got, `"reason":"malformed"`) {
		t.Errorf("broken facts give %s", got)
	}
	clear(recorded)
	if got := of(replay); !strings.Contains(got, `"fact":"/driver/module/file"`) {
		t.Errorf("no facts give %s", got)
	}
}

// TestOutOfTime: a collector whose time is up stops, and records nothing as
// if it had been looked for.
func TestOutOfTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := inventory.Device{Address: address}
	err := driver.Collector().Device(ctx, &collect.Env{FS: machine()}, &d)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if m := d.Driver.Module; m.File != nil || len(d.Firmware.Runtime) != 0 || len(d.Gaps) == 0 {
		t.Errorf("module %+v, gaps %+v", m, d.Gaps)
	}
}
