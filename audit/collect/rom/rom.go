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

// Values of [inventory.ROM] Source, and the fact that a Gap is about.
const (
	sourceSysfs = "sysfs"
	sourceFile  = "file"
	fact        = "/firmware/roms"
	devices     = "sys/bus/pci/devices"
)

// Collector reads the expansion ROM of each device.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "firmware",
		Requires: []collect.Requirement{{
			Path: devices + "/*/rom", Privilege: "root",
			Decides: "which firmware the card brings, and who signed it (with --read-rom)",
		}},
		Device: device,
	}
}

// device reads both sources. One that fails leaves the other alone.
func device(ctx context.Context, env *collect.Env, d *inventory.Device) error {
	ours := -1
	if b, err := read(ctx, env, d.Address); err != nil {
		d.Gaps = append(d.Gaps, gap(env.FS, d.Address, err))
	} else {
		ours = add(d, b, sourceSysfs)
	}
	file, given := env.ROMFiles[d.Address]
	if !given {
		return nil
	}
	theirs := add(d, file.Data, sourceFile)
	if ours >= 0 {
		d.Witnesses = append(d.Witnesses, inventory.Witness{
			Name: "rom-file", Disagreements: differences(ours, &d.Firmware.ROMs[ours], &d.Firmware.ROMs[theirs]),
		})
	}
	return nil
}

func read(ctx context.Context, env *collect.Env, address string) ([]byte, error) {
	if env.ROM == nil {
		return nil, collect.ErrNotRequested
	}
	return env.ROM(ctx, address)
}

// add parses a ROM and returns its index.
func add(d *inventory.Device, b []byte, source string) int {
	parsed := firmware.Parse(b)
	parsed.Source = source
	d.Firmware.ROMs = append(d.Firmware.ROMs, *parsed)
	return len(d.Firmware.ROMs) - 1
}

// gap records a ROM that was not read, with what the reason means for a ROM. A
// source that was not asked for and does not exist is absent, not unasked.
func gap(fsys fs.FS, address string, err error) inventory.Gap {
	source := path.Join(devices, address, "rom")
	g := collect.GapFor(fact, source, err)
	if g.Reason == inventory.ReasonNotRequested {
		if _, serr := fs.Stat(fsys, source); serr != nil && collect.Absent(serr) {
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
		g.Detail = explain(g.Detail, "run as root")
	}
	return g
}

func explain(cause, meaning string) string {
	return strings.TrimPrefix(cause+": "+meaning, ": ")
}
