package pci

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/smbios"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	dmiDir = "sys/firmware/dmi"
	// dmiTable is SMBIOS's structure table, for root alone. Where a copy of a machine
	// lacks it, dmiEntries may hold the structures one by one (module dmi-sysfs;
	// Documentation/ABI/testing/sysfs-firmware-dmi-entries).
	dmiTable   = dmiDir + "/tables/DMI"
	dmiEntries = dmiDir + "/entries"
	// maxEntry bounds one structure, its strings included.
	maxEntry = 64 << 10
	// maxSlotEntries bounds how many of them are read.
	maxSlotEntries = 256
)

// slot finds the slot of the mainboard that leads to the device.
func (r *reader) slot(ctx context.Context, env *collect.Env, chain []string) {
	slots, err := systemSlots(ctx, env)
	if err != nil {
		r.d.Gaps = append(r.d.Gaps, collect.GapFor("/slot", dmiTable, err))
		return
	}
	r.d.Slot = slotAbove(slots, r.d.Address, chain)
}

// slotAbove is the innermost slot that leads to a device. Firmware gives a slot
// the address of its port or of the device in it. An address that several slots
// have says nothing of any of them.
func slotAbove(slots []smbios.Slot, address string, chain []string) *inventory.Slot {
	times := map[string]int{}
	for _, s := range slots {
		for _, a := range distinct(s.Addresses) {
			times[a]++
		}
	}
	var found *inventory.Slot
	innermost := -1
	for _, s := range slots {
		for _, a := range s.Addresses {
			at := slices.Index(chain, a)
			if inventory.SlotOf(a) == inventory.SlotOf(address) {
				at = len(chain) - 1
			}
			if at <= innermost || times[a] > 1 {
				continue
			}
			innermost = at
			found = &inventory.Slot{Address: a, Bridge: chain[at]}
			if s.Designation != "" {
				found.Designation = &s.Designation
			}
		}
	}
	return found
}

func distinct(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// systemSlots reads the slots once for all devices. A capture carries them, and
// not the table, which holds serial numbers.
func systemSlots(ctx context.Context, env *collect.Env) ([]smbios.Slot, error) {
	slots, err := collect.Derived(ctx, env, "smbios-slots", dmiTable, func() ([]smbios.Slot, error) { return readSlots(env.FS) })
	if err != nil {
		return nil, err
	}
	for _, s := range slots {
		if slices.ContainsFunc(s.Addresses, func(a string) bool { return !inventory.ValidAddress(a) }) {
			return nil, fmt.Errorf("recorded slots: %w: an address is of another form", collect.ErrMalformed)
		}
	}
	return slots, nil
}

func readSlots(fsys fs.FS) ([]smbios.Slot, error) {
	table, err := collect.Read(fsys, dmiTable, smbios.MaxTable)
	if collect.Absent(err) {
		return readSlotEntries(fsys)
	}
	if err != nil {
		return nil, err
	}
	return parseSlots(table)
}

func parseSlots(table []byte) ([]smbios.Slot, error) {
	slots, err := smbios.Slots(table)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	}
	return slots, nil
}

// readSlotEntries reads the structures of type 9 that dmi-sysfs gives: 9-0/raw.
func readSlotEntries(fsys fs.FS) ([]smbios.Slot, error) {
	entries, err := fs.ReadDir(fsys, dmiEntries)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), "9-") })
	if len(entries) > maxSlotEntries {
		return nil, fmt.Errorf("%w of %d slots", collect.ErrLimit, maxSlotEntries)
	}
	var slots []smbios.Slot
	for _, e := range entries {
		raw, err := collect.Read(fsys, path.Join(dmiEntries, e.Name(), "raw"), maxEntry)
		if err != nil {
			return nil, err
		}
		one, err := parseSlots(raw)
		if err != nil {
			return nil, err
		}
		slots = append(slots, one...)
	}
	return slots, nil
}

// programmable are the makers of chips that take any design (FPGA), and the
// chips of others that tools for attacks by DMA are made of: which of them mean
// something is for the rules to say. Without a list of chips all of a maker count.
var programmable = map[string][]string{
	"10ee": nil,      // Xilinx
	"1172": nil,      // Altera
	"1204": nil,      // Lattice
	"11aa": nil,      // Actel, Microsemi
	"10b5": {"3380"}, // PLX USB3380
	"14e4": {"16bc"}, // what PCILeech makes of a USB3380
}

// maxProgrammable is far above what machines with FPGAs have, virtual functions
// included.
const maxProgrammable = 256

// collectHost looks at all functions of the machine for programmable ones.
func (b *bus) collectHost(ctx context.Context, env *collect.Env, h *inventory.Host) error {
	gap := func(err error) { h.Gaps = append(h.Gaps, collect.GapFor("/programmable", devicesDir, err)) }
	all, err := b.functions(env)
	if err != nil {
		gap(err)
		return nil
	}
	h.FunctionsSeen = new(len(all))
	r := &reader{fsys: env.FS}
	for _, a := range all {
		if chain, err := r.chain(a); err == nil {
			h.FunctionPaths = append(h.FunctionPaths, append(chain, a))
		}
	}
	for _, a := range all {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !mayBeProgrammable(env.FS, a) {
			continue
		}
		if len(h.Programmable) == maxProgrammable {
			gap(fmt.Errorf("%w of %d functions", collect.ErrLimit, maxProgrammable))
			return nil
		}
		h.Programmable = append(h.Programmable, r.function(a))
	}
	return nil
}

// mayBeProgrammable goes by the ids; one that cannot be read excludes nothing.
func mayBeProgrammable(fsys fs.FS, address string) bool {
	vendor, err := collect.Hex(fsys, devicesDir+"/"+address+"/vendor", 4)
	if _, listed := programmable[vendor]; err == nil && !listed {
		return false // nearly all of them, at the cost of one read
	}
	found := readIDs(fsys, address)
	chips, listed := programmable[inventory.Text(found.vendor)]
	if found.vendor == nil || !listed {
		return found.vendor == nil
	}
	return chips == nil || found.device == nil || slices.Contains(chips, *found.device)
}
