// Package driver reads the kernel driver that is bound to a device: the module
// as it is loaded (sysfs), its file on disk, that file's signature, the
// distribution package that owns it, and the firmware files that it declares.
//
// What the module file says of itself (version, licence, signer) is a claim of
// that file. A signature is reported, never verified: the kernel verifies it
// against keys that user space cannot read in full, and says in the taint
// letter E when it loaded a module that did not verify.
package driver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Collector reads the driver of each device.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "driver",
		Requires: []collect.Requirement{
			{Path: "sys/bus/pci/devices/*/driver", Decides: "which kernel driver runs the device"},
			{Path: "sys/module/*", Decides: "version and taint of the loaded driver"},
			{Path: "lib/modules/*", Instead: []string{"usr/lib/modules/*"}, Decides: "digest, signature and origin of the driver's file"},
			{Path: "var/lib/dpkg/info/*.list", Instead: packageDatabases(), Decides: "which distribution package owns the driver's file"},
			{Path: "lib/firmware", Decides: "digests of the firmware files that the driver gives the device"},
		},
		Device: device,
	}
}

const devices = "sys/bus/pci/devices"

func device(ctx context.Context, env *collect.Env, d *inventory.Device) error {
	dir := path.Join(devices, d.Address)
	link := path.Join(dir, "driver")
	name, err := collect.LinkBase(env.FS, link)
	if collect.Absent(err) {
		// No link means no driver, provided that the device itself is there.
		if _, err := fs.Stat(env.FS, dir); err != nil {
			d.Gaps = append(d.Gaps, collect.GapFor("/driver", dir, err))
		}
		return nil
	}
	if err != nil {
		d.Gaps = append(d.Gaps, collect.GapFor("/driver", link, err))
		return nil
	}
	if !element(name) {
		return fmt.Errorf("read the driver of %s: %w: link to %.60q", d.Address, collect.ErrMalformed, name)
	}
	r := reader{env: env, device: d}
	d.Driver = r.driver(ctx, link, name)
	return nil
}

// reader reads one device's driver and leaves what it misses with the device.
type reader struct {
	env    *collect.Env
	device *inventory.Device
}

func (r *reader) gap(fact, source string, err error) {
	r.device.Gaps = append(r.device.Gaps, collect.GapFor(fact, source, err))
}

func (r *reader) driver(ctx context.Context, link, name string) *inventory.Driver {
	drv := &inventory.Driver{Name: name}
	module, linkErr := moduleName(r.env.FS, link, name)
	if linkErr != nil {
		module = name // only to ask whether a driver of this name is built in
	}
	where, release := r.locate(ctx, module)
	live := linkErr == nil && isLoaded(r.env.FS, module)
	builtIn := where.BuiltIn != nil && *where.BuiltIn
	switch {
	case builtIn && !live:
		drv.BuiltIn = new(true)
		r.device.Gaps = append(r.device.Gaps, inventory.Gap{
			Fact: "/firmware/runtime", Source: path.Join(modulesDir, release, "modules.builtin.modinfo"), Reason: inventory.ReasonNotSupported,
			Detail: "what a built-in driver declares is not read",
		})
		return drv
	case linkErr != nil:
		r.gap("/driver/module", path.Join("sys/bus/pci/drivers", name, "module"), linkErr)
		r.gap("/firmware/runtime", path.Join(modulesDir, release), errNoFile)
		return drv
	case live || where.BuiltIn != nil:
		drv.BuiltIn = new(false)
	}
	r.device.Gaps = append(r.device.Gaps, where.Gaps...)
	drv.Module = r.loaded(module)
	if where.Path != "" {
		r.file(ctx, drv.Module, where.Path, release)
	}
	if drv.Module.File == nil {
		r.gap("/firmware/runtime", path.Join(modulesDir, release), errNoFile)
	}
	return drv
}

// locate asks for the module's file in the running kernel's module directory.
func (r *reader) locate(ctx context.Context, module string) (location, string) {
	rel, err := release(r.env.FS)
	if err != nil {
		return location{Gaps: []inventory.Gap{collect.GapFor("/driver/module/file", releaseFile, err)}}, ""
	}
	where, err := locate(ctx, r.env, rel, module)
	if err != nil {
		return location{Gaps: []inventory.Gap{collect.GapFor("/driver/module/file", path.Join(modulesDir, rel), err)}}, rel
	}
	return where, rel
}

// file adds the facts of the module's file and of the firmware it declares.
func (r *reader) file(ctx context.Context, m *inventory.Module, name, release string) {
	facts, err := collect.Derived(ctx, r.env, "module", name, func() (moduleFacts, error) {
		return readModule(ctx, r.env.FS, name)
	})
	if err != nil {
		r.gap("/driver/module/file", name, err)
		return
	}
	m.File = facts.File
	r.device.Gaps = append(r.device.Gaps, facts.Gaps...)
	if len(facts.Firmware) == 0 {
		return
	}
	found, err := collect.Derived(ctx, r.env, "firmware", name, func() (firmwareFacts, error) {
		return readFirmware(ctx, r.env.FS, release, facts.Firmware)
	})
	if err != nil {
		r.gap("/firmware/runtime", firmwareDir, err)
		return
	}
	r.device.Firmware.Runtime = append(r.device.Firmware.Runtime, found.Files...)
	r.device.Gaps = append(r.device.Gaps, found.Gaps...)
}

// element says that a name is one safe path element.
func element(name string) bool {
	return name != "." && fs.ValidPath(name) && !strings.Contains(name, "/")
}

// errNone says that something was looked for everywhere and is not there.
var errNone = fmt.Errorf("not found: %w", fs.ErrNotExist)

// errNoFile says that the firmware is unknown because the module's file is.
var errNoFile = fmt.Errorf("the module's file, which declares the firmware, was not read: %w", fs.ErrNotExist)

// limitGaps keeps the first few gaps of a kind, so that a thousand unreadable files
// do not make a thousand entries.
func limitGaps(gaps []inventory.Gap, fact, source string) []inventory.Gap {
	const most = 8
	if len(gaps) <= most {
		return gaps
	}
	more := collect.GapFor(fact, source, errors.New("more files like these"))
	more.Detail = fmt.Sprintf("%d more files could not be read", len(gaps)-most)
	more.Reason = gaps[most].Reason
	return append(slices.Clip(gaps[:most]), more)
}
