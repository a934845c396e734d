package manifest

import (
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Baseline is what FromDevice cannot learn from the device.
type Baseline struct {
	Name, Vendor    string
	Sequence        int
	Issued, Expires time.Time
}

// FromDevice states what a device is now: a baseline of one's own, for cards
// that one has reason to trust. It says nothing of whether that is good.
func FromDevice(d *inventory.Device, b Baseline) (*Predicate, error) {
	p := d.PCI
	if p.VendorID == nil || p.DeviceID == nil {
		return nil, fmt.Errorf("device %s: its PCI ids could not be read", d.Address)
	}
	out := &Predicate{
		Name: b.Name, Sequence: b.Sequence, Vendor: b.Vendor, Issued: b.Issued, Expires: b.Expires, Status: Active,
		Devices: []Device{{VendorID: *p.VendorID, DeviceID: *p.DeviceID, SubsystemVendorID: text(p.SubsystemVendorID),
			SubsystemDeviceID: text(p.SubsystemDeviceID), RevisionID: text(p.RevisionID)}},
	}
	seen := map[string]bool{}
	for _, rom := range d.Firmware.ROMs {
		if !seen[rom.SHA256] {
			seen[rom.SHA256] = true
			out.Firmware = append(out.Firmware, firmware(d, rom))
		}
	}
	if m := module(d); m != nil && m.File != nil {
		out.Drivers = append(out.Drivers, Driver{Module: m.Name, Version: text(m.Version), SHA256: m.File.ContentSHA256})
	}
	functions := []Function{}
	for _, f := range append(append([]inventory.Function{}, d.Functions...), d.Siblings...) {
		if f.VendorID == nil || f.DeviceID == nil || f.ClassCode == nil {
			return nil, fmt.Errorf("device %s: the ids of function %s could not be read", d.Address, f.Address)
		}
		functions = append(functions, Function{VendorID: *f.VendorID, DeviceID: *f.DeviceID, ClassCode: *f.ClassCode})
	}
	out.Functions = &functions
	for _, m := range d.Memory {
		out.MemoryMiB = []int{int(m.Bytes >> 20)}
		break
	}
	return out, out.Validate()
}

func firmware(d *inventory.Device, rom inventory.ROM) Firmware {
	f := Firmware{Version: "unknown", Part: text(rom.Part), SHA256: rom.SHA256, SHA384: rom.SHA384, StableSHA256: text(rom.StableSHA256)}
	switch {
	case rom.Version != nil:
		f.Version = *rom.Version
	case len(d.Firmware.Versions) > 0:
		f.Version = d.Firmware.Versions[0].Version
	}
	for _, im := range rom.Images {
		entry := Image{CodeType: im.CodeType, SHA256: im.SHA256}
		if im.EFI != nil {
			entry.AuthenticodeSHA256 = text(im.EFI.AuthenticodeSHA256)
		}
		f.Images = append(f.Images, entry)
	}
	return f
}

func module(d *inventory.Device) *inventory.Module {
	if d.Driver == nil {
		return nil
	}
	return d.Driver.Module
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
