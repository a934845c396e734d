package rom

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Copies of a ROM that others hold: what system firmware gave to the kernel and
// what the driver keeps. Reading them touches no card.
const (
	vfctTable = "sys/firmware/acpi/tables/VFCT"
	debugDRI  = "sys/kernel/debug/dri"
	maxMinors = 256
	vfctLimit = 16 << 20
)

// errNoCopy says that a source exists and holds nothing for this device.
var errNoCopy = fmt.Errorf("no copy for this device: %w", fs.ErrNotExist)

// fromVFCT finds the device's ROM in the ACPI table VFCT, which is made for AMD
// cards. Address and ids must both be the device's: firmware numbers buses by
// itself, and the kernel may have renumbered them.
func fromVFCT(fsys fs.FS, d *inventory.Device) ([]byte, error) {
	b, err := collect.Read(fsys, vfctTable, vfctLimit)
	if err != nil {
		return nil, err
	}
	images, err := firmware.ParseVFCT(b)
	for i := range images {
		v := &images[i]
		if v.Address() == d.Address && is(d.PCI.VendorID, v.VendorID) && is(d.PCI.DeviceID, v.DeviceID) {
			return v.Data, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	}
	return nil, errNoCopy
}

func is(id *string, v uint16) bool { return id != nil && *id == fmt.Sprintf("%04x", v) }

// fromDebugfs finds the copy that the driver keeps: amdgpu_vbios of amdgpu,
// vbios.rom of nouveau. The folder of debugfs that belongs to the device says so
// in its file name ("amdgpu dev=0000:03:00.0 unique=…").
func fromDebugfs(fsys fs.FS, address, driver string) (b []byte, file string, err error) {
	name := map[string]string{"amdgpu": "amdgpu_vbios", "nouveau": "vbios.rom"}[driver]
	if name == "" {
		return nil, debugDRI, errNoCopy
	}
	entries, err := fs.ReadDir(fsys, debugDRI)
	if err != nil {
		return nil, debugDRI, err
	}
	var failed error
	for i, e := range entries {
		if i == maxMinors {
			return nil, debugDRI, fmt.Errorf("%w of %d folders", collect.ErrLimit, maxMinors)
		}
		text, err := collect.Attr(fsys, path.Join(debugDRI, e.Name(), "name"))
		if err != nil {
			if !collect.Absent(err) {
				failed = err
			}
			continue
		}
		for word := range strings.FieldsSeq(text) {
			if word == "dev="+address {
				file = path.Join(debugDRI, e.Name(), name)
				b, err := collect.Read(fsys, file, firmware.MaxBytes)
				return b, file, err
			}
		}
	}
	if failed != nil {
		return nil, debugDRI, failed
	}
	return nil, debugDRI, errNoCopy
}

// absent says that there is no such copy, which is normal and no gap.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
