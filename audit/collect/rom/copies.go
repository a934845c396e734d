package rom

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Copies of a ROM that others hold: what system firmware gave to the kernel and
// what the driver keeps. Reading them touches no card.
const (
	vfctTable = "sys/firmware/acpi/tables/VFCT"
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
// vbios.rom of nouveau.
func fromDebugfs(fsys fs.FS, address, driver string) (b []byte, file string, err error) {
	name := map[string]string{"amdgpu": "amdgpu_vbios", "nouveau": "vbios.rom"}[driver]
	if name == "" {
		return nil, collect.DebugDRI, errNoCopy
	}
	folder, err := collect.DRIFolder(fsys, address)
	if err == nil && folder == "" {
		err = errNoCopy
	}
	if err != nil {
		return nil, collect.DebugDRI, err
	}
	file = path.Join(folder, name)
	b, err = collect.Read(fsys, file, firmware.MaxBytes)
	return b, file, err
}

// absent says that there is no such copy, which is normal and no gap.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
