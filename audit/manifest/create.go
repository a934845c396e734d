package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Baseline is what FromDevice cannot learn from the device.
type Baseline struct {
	Name, Vendor    string
	Sequence        int
	Issued, Expires time.Time
}

// ErrNothing says that there is nothing that could be stated of a device.
var ErrNothing = errors.New("nothing can be stated")

// FromDevice states what a device is now: a baseline of one's own, for cards
// that one has reason to trust. It says nothing of whether that is good. What
// could not be read is not stated: see [Unstated].
func FromDevice(d *inventory.Device, b Baseline) (*Predicate, error) {
	p := d.PCI
	if p.VendorID == nil || p.DeviceID == nil {
		return nil, fmt.Errorf("device %s: %w: its PCI ids could not be read", d.Address, ErrNothing)
	}
	functions, err := functions(d)
	if err != nil {
		return nil, err
	}
	out := &Predicate{
		Name: b.Name, Sequence: b.Sequence, Vendor: b.Vendor, Issued: b.Issued, Expires: b.Expires, Status: Active,
		Devices: []Device{{VendorID: *p.VendorID, DeviceID: *p.DeviceID, SubsystemVendorID: inventory.Text(p.SubsystemVendorID),
			SubsystemDeviceID: inventory.Text(p.SubsystemDeviceID), RevisionID: inventory.Text(p.RevisionID)}},
		Functions: functions,
		MemoryMiB: memory(d),
		Windows:   windows(d),
	}
	seen := map[string]bool{}
	for _, rom := range d.Firmware.ROMs {
		if !seen[rom.SHA256] {
			seen[rom.SHA256] = true
			out.Firmware = append(out.Firmware, firmware(d, rom))
		}
	}
	out.Firmware = append(out.Firmware, runtimeFiles(d)...)
	if m := module(d); m != nil && m.File != nil && m.File.ContentSHA256 != "" {
		out.Drivers = append(out.Drivers, Driver{Module: m.Name, Version: Printable(inventory.Text(m.Version)), SHA256: m.File.ContentSHA256})
	}
	if !out.states() {
		return nil, fmt.Errorf("device %s: %w: no firmware, driver, functions, memory or window of it was read", d.Address, ErrNothing)
	}
	if err := out.Validate(); err != nil {
		return nil, fmt.Errorf("device %s: %w: %w", d.Address, ErrInvalid, err)
	}
	return out, nil
}

// Unstated lists what a baseline leaves open, each with the reason why.
func Unstated(d *inventory.Device, p *Predicate) []string {
	var list []string
	note := func(stated bool, what string, facts ...string) {
		switch g := gap(d, facts...); {
		case stated:
		case g != nil:
			list = append(list, fmt.Sprintf("%s (%s): %s", what, g.Source, message.Word("reason.", string(g.Reason)).Text))
		default:
			list = append(list, what+": no source states it")
		}
	}
	note(len(p.OfKind(OptionROM)) > 0, "firmware", "/firmware/roms")
	for i := range d.Firmware.ROMs {
		list = append(list, unseen(&d.Firmware.ROMs[i])...)
	}
	if gap(d, "/firmware/runtime") != nil {
		note(false, "run-time firmware, or a part of it", "/firmware/runtime")
	}
	note(len(p.Drivers) > 0, "driver", "/driver")
	note(p.Functions != nil, "functions", "/functions", "/siblings", "/neighbours", "/bridges", "/slot")
	note(len(p.MemoryMiB) > 0, "memory", "/memory")
	if gap(d, "/pci/bars") != nil {
		note(false, "memory windows", "/pci/bars")
	}
	return list
}

// unseen says what tables of a ROM speak of and the reading does not hold: nothing
// states it.
func unseen(rom *inventory.ROM) (list []string) {
	outside := 0
	for _, e := range rom.PSP {
		if !e.Read {
			outside++
		}
	}
	if outside > 0 {
		list = append(list, fmt.Sprintf("firmware (%s): %d of %d programs of AMD's security processor are outside what was read", rom.Source, outside, len(rom.PSP)))
	}
	points := func(t inventory.ROMTable) bool { return t.Name == "bit.P" && t.Revision == "2" }
	clocks := func(t inventory.ROMTable) bool { return t.Name == "bit.P.perf" }
	if slices.ContainsFunc(rom.Tables, points) && !slices.ContainsFunc(rom.Tables, clocks) {
		list = append(list, fmt.Sprintf("firmware (%s): NVIDIA's tables of clocks and timings are outside what was read", rom.Source))
	}
	return list
}

// gap is the first record that one of the facts, or a part of it, is missing.
func gap(d *inventory.Device, facts ...string) *inventory.Gap {
	for i, g := range d.Gaps {
		for _, fact := range facts {
			if g.Fact == fact || strings.HasPrefix(g.Fact, fact+"/") {
				return &d.Gaps[i]
			}
		}
	}
	return nil
}

// functions are the functions beside the device; nil when they could not be
// listed, without the bridges, which say what sits on the card, or where there are
// devices of which nobody says whether they are on it.
func functions(d *inventory.Device) (*[]Function, error) {
	if gap(d, "/functions", "/siblings", "/neighbours", "/bridges") != nil || len(d.Neighbours) > 0 {
		return nil, nil
	}
	list := []Function{}
	for _, f := range slices.Concat(d.Functions, d.Siblings) {
		if f.VendorID == nil || f.DeviceID == nil || f.ClassCode == nil {
			return nil, fmt.Errorf("device %s: the ids of function %s could not be read", d.Address, f.Address)
		}
		list = append(list, Function{VendorID: *f.VendorID, DeviceID: *f.DeviceID, ClassCode: *f.ClassCode})
	}
	return &list, nil
}

// memory are the sizes that the sources state: one, or several that disagree.
func memory(d *inventory.Device) []int {
	var sizes []int
	for _, m := range d.Memory {
		if mib := nominal(m.Bytes >> 20); mib > 0 && !slices.Contains(sizes, mib) {
			sizes = append(sizes, mib)
		}
	}
	return sizes
}

// windows are the memory windows that the device has; none where they could not be
// read whole.
func windows(d *inventory.Device) []Window {
	var list []Window
	if gap(d, "/pci/bars") != nil {
		return nil
	}
	for _, b := range d.PCI.BARs {
		if b.Kind == "memory" && b.Index <= 5 && b.Bytes > 0 {
			list = append(list, Window{BAR: b.Index, Bytes: b.Bytes})
		}
	}
	return list
}

// MachineOf is the model of a machine in words, "" where it states none.
func MachineOf(h *inventory.Host) string {
	var words []string
	for _, s := range []*string{h.DMI.SystemVendor, h.DMI.ProductName, h.DMI.BoardVendor, h.DMI.BoardName} {
		if w := Printable(inventory.Text(s)); w != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return Printable(strings.Join(words, ", "))
}

// nominal is the size that a card is sold with, of the size in MiB that its
// driver reports, which is up to 2 % less and changes with the driver; 0 for a
// size that no manifest can state. A size that is near no round one stays.
func nominal(mib uint64) int {
	if mib >= 1<<24 {
		return 0
	}
	for step := uint64(1024); step >= 128; step /= 2 {
		if up := (mib + step - 1) / step * step; mib*100 >= up*98 {
			return int(up)
		}
	}
	return int(mib)
}

func firmware(d *inventory.Device, rom inventory.ROM) Firmware {
	f := FromROM(&rom)
	if f.Version == "unknown" && len(d.Firmware.Versions) > 0 {
		f.Version = cmp.Or(Printable(d.Firmware.Versions[0].Version), f.Version)
	}
	return f
}

// FromROM states a ROM by all of its digests, and by the version that it states
// itself.
func FromROM(rom *inventory.ROM) Firmware {
	f := Firmware{Kind: OptionROM, Part: Printable(inventory.Text(rom.Part)), SHA256: rom.SHA256, SHA384: rom.SHA384, StableSHA256: inventory.Text(rom.StableSHA256),
		Bytes: rom.Bytes, LeadBytes: rom.LeadBytes, Parts: PartsOf(rom)}
	f.Version = cmp.Or(Printable(inventory.Text(rom.Version)), "unknown")
	for _, im := range rom.Images {
		entry := Image{CodeType: im.CodeType, SHA256: im.SHA256, SHA384: im.SHA384}
		if im.EFI != nil {
			entry.AuthenticodeSHA256 = inventory.Text(im.EFI.AuthenticodeSHA256)
			if m := inventory.Text(im.EFI.MeasuredSHA256); m != entry.AuthenticodeSHA256 {
				entry.MeasuredSHA256 = m
			}
		}
		f.Images = append(f.Images, entry)
	}
	return f
}

// runtimeFiles are the installed files that the driver may give the device. A
// name that no manifest can hold is not stated.
func runtimeFiles(d *inventory.Device) []Firmware {
	var list []Firmware
	for _, f := range d.Firmware.Runtime {
		if f.SHA256 != nil && fs.ValidPath(f.Name) && Printable(f.Name) == f.Name {
			list = append(list, Firmware{Kind: RuntimeFile, Version: "unknown", File: f.Name, SHA256: *f.SHA256})
		}
	}
	return list
}

// Printable makes a text from outside fit for a manifest: on one line, and no
// longer than the format takes. It may be what an attacker wrote into a ROM.
func Printable(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(strings.ToValidUTF8(s[:min(len(s), maxText)], ""))
}

func module(d *inventory.Device) *inventory.Module {
	if d.Driver == nil {
		return nil
	}
	return d.Driver.Module
}
