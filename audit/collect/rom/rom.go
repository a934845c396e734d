// Package rom collects expansion ROMs: the one that the kernel reads from the
// device, and the dump that the user says belongs to it.
package rom

import (
	"context"
	"io/fs"
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Values of [inventory.ROM] Source, in the order of trust, and the fact that a
// Gap is about.
const (
	sourceSysfs   = "sysfs"
	sourceVFCT    = "vfct"
	sourceDebugfs = "debugfs"
	sourceFile    = "file"
	sourceFlash   = "flash"
	fact          = "/firmware/roms"
	devices       = "sys/bus/pci/devices"
)

// Collector reads the expansion ROM of each device from every source there is.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "firmware",
		Requires: []collect.Requirement{{
			Path: devices + "/*/rom", Privilege: "root",
			Decides: "which firmware the card brings, and who signed it (with --read-rom)",
		}, {
			Path: collect.DebugDRI, Privilege: "root",
			Decides: "whether the copy of the firmware that amdgpu or nouveau keeps is the card's",
		}},
		Device: device,
	}
}

// device reads all sources. One that fails leaves the others alone.
func device(ctx context.Context, env *collect.Env, d *inventory.Device) error {
	r := reading{d: d, db: database(env.FS, "db"), dbx: database(env.FS, "dbx")}
	if b, err := read(ctx, env, d.Address); err != nil {
		d.Gaps = append(d.Gaps, gap(env, d.Address, err))
	} else {
		r.add(b, sourceSysfs)
		r.kernel = b
	}
	if d.PCI.VendorID != nil && *d.PCI.VendorID == "1002" {
		b, err := fromVFCT(env.FS, d)
		r.copy(b, sourceVFCT, vfctTable, err)
	}
	if driver, err := collect.LinkBase(env.FS, path.Join(devices, d.Address, "driver")); err == nil {
		b, file, err := fromDebugfs(env.FS, d.Address, driver)
		r.copy(b, sourceDebugfs, file, err)
	}
	if file, given := env.ROMFiles[d.Address]; given {
		r.add(file.Data, sourceFile)
	}
	if file, given := env.FlashFiles[d.Address]; given {
		r.add(file.Data, sourceFlash)
		if last := len(d.Firmware.ROMs) - 1; r.kernel != nil {
			d.Firmware.ROMs[last].InFlash = firmware.InFlash(file.Data, &d.Firmware.ROMs[last], r.kernel)
		}
	}
	r.compare()
	return nil
}

// database reads a Secure Boot database of the machine; nil where there is none
// that can be read, which the host's facts explain.
func database(fsys fs.FS, name string) *firmware.SignatureDatabase {
	b, _, err := collect.SecureBootVariable(fsys, name, firmware.MaxSignatureDatabase)
	if err != nil {
		return nil
	}
	d, err := firmware.ParseSignatureDatabase(b)
	if err != nil {
		return nil
	}
	return d
}

// reading collects the ROMs of one device.
type reading struct {
	d       *inventory.Device
	db, dbx *firmware.SignatureDatabase
	kernel  []byte // what it gave; nil for nothing
}

func (r *reading) add(b []byte, source string) {
	parsed := firmware.Parse(b)
	parsed.Source = source
	firmware.Authorize(b, parsed, r.db, r.dbx)
	r.d.Firmware.ROMs = append(r.d.Firmware.ROMs, *parsed)
}

// copy adds what another holds of the ROM, or the gap it leaves.
func (r *reading) copy(b []byte, source, file string, err error) {
	switch {
	case err == nil:
		r.add(b, source)
	case !absent(err):
		r.d.Gaps = append(r.d.Gaps, collect.GapFor(fact, file, err))
	}
}

// compare makes every source but the most trusted one a witness against it.
func (r *reading) compare() {
	roms := r.d.Firmware.ROMs
	for i := 1; i < len(roms); i++ {
		r.d.Witnesses = append(r.d.Witnesses, inventory.Witness{
			Name: "rom-" + roms[i].Source, Disagreements: differences(0, &roms[0], &roms[i]),
		})
	}
}

func read(ctx context.Context, env *collect.Env, address string) ([]byte, error) {
	if env.ROM == nil {
		return nil, collect.ErrNotRequested
	}
	return env.ROM(ctx, address)
}

// gap records a ROM that was not read, with what the reason means for a ROM. A
// source that was not asked for and does not exist is absent, not unasked.
func gap(env *collect.Env, address string, err error) inventory.Gap {
	source := path.Join(devices, address, "rom")
	g := collect.GapFor(fact, source, err)
	if g.Reason == inventory.ReasonNotRequested {
		if _, serr := fs.Stat(env.FS, source); serr != nil && collect.Absent(serr) {
			g = collect.GapFor(fact, source, serr)
		}
	}
	switch g.Reason {
	case inventory.ReasonNotRequested:
		g.Detail = "give --read-rom to read it (enables the ROM for the time of the read)"
	case inventory.ReasonIOError:
		g.Detail = explain(g.Detail, "the kernel gives EIO for a boot display whose ROM was shadowed on a UEFI machine; this is not \"no firmware\": read it with the vendor's tool and give --rom BDF=FILE")
	case inventory.ReasonNotPresent:
		g.Detail = explain(g.Detail, "the kernel shows no expansion ROM for this device")
	case inventory.ReasonPermission:
		if env.ByRoot == nil || !*env.ByRoot {
			g.Detail = explain(g.Detail, "root may read it")
		}
	}
	return g
}

func explain(cause, meaning string) string {
	return strings.TrimPrefix(cause+": "+meaning, ": ")
}
