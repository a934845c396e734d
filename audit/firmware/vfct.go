package firmware

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Offsets of the ACPI table VFCT, by which system firmware hands the ROM of an
// AMD card to the operating system (ACPI Specification 6.5, section 5.2.6 for
// the header; UEFI_ACPI_VFCT and VFCT_IMAGE_HEADER of the amdgpu driver's
// atombios.h for the rest).
const (
	acpiHeaderBytes = 36
	vfctOffsetAt    = 0x34 // of the first image
	vfctHeaderBytes = 0x4c
	vfctImageBytes  = 28 // the header of each image
	vfctMaxImages   = 64
)

// ErrVFCT says that a VFCT table does not parse.
var ErrVFCT = errors.New("malformed VFCT table")

// VFCTImage is one ROM of a VFCT table, with the device that it is for. The
// table knows buses of PCI segment 0 only.
type VFCTImage struct {
	Bus, Device, Function                              uint32
	VendorID, DeviceID, SubsystemVendorID, SubsystemID uint16
	// Offset is where Data begins in the table, in bytes.
	Offset int
	Data   []byte
}

// Address is the image's PCI address, "0000:03:00.0".
func (v *VFCTImage) Address() string {
	return fmt.Sprintf("0000:%02x:%02x.%x", v.Bus, v.Device, v.Function)
}

// ParseVFCT reads the table. With an error it still returns the images before
// the fault; a table whose checksum is off gives none, for then nothing in it
// can be told from damage.
func ParseVFCT(b []byte) ([]VFCTImage, error) {
	if len(b) < vfctHeaderBytes || !hasMark(b, 0, "VFCT") {
		return nil, fmt.Errorf("%w: %d bytes without the header of a VFCT", ErrVFCT, len(b))
	}
	n := int(binary.LittleEndian.Uint32(b[4:]))
	if n < vfctHeaderBytes || n > len(b) {
		return nil, fmt.Errorf("%w: offset 0x4: it claims %d bytes of %d", ErrVFCT, n, len(b))
	}
	b = b[:n]
	var sum byte
	for _, v := range b {
		sum += v
	}
	if sum != 0 {
		return nil, fmt.Errorf("%w: offset 0x9: the table sums to %#02x, not to 0", ErrVFCT, sum)
	}
	at := int(binary.LittleEndian.Uint32(b[vfctOffsetAt:]))
	if at < acpiHeaderBytes || at > n {
		return nil, fmt.Errorf("%w: offset %#x: the images would begin at %#x of %#x", ErrVFCT, vfctOffsetAt, at, n)
	}
	var images []VFCTImage
	for at < n && len(images) < vfctMaxImages {
		if n-at < vfctImageBytes {
			return images, fmt.Errorf("%w: offset %#x: %d bytes are no image header", ErrVFCT, at, n-at)
		}
		h := b[at:]
		size := int(binary.LittleEndian.Uint32(h[24:]))
		start := at + vfctImageBytes
		if size > n-start {
			return images, fmt.Errorf("%w: offset %#x: an image claims %d bytes of %d", ErrVFCT, at+24, size, n-start)
		}
		images = append(images, VFCTImage{
			Bus: binary.LittleEndian.Uint32(h), Device: binary.LittleEndian.Uint32(h[4:]), Function: binary.LittleEndian.Uint32(h[8:]),
			VendorID: binary.LittleEndian.Uint16(h[12:]), DeviceID: binary.LittleEndian.Uint16(h[14:]),
			SubsystemVendorID: binary.LittleEndian.Uint16(h[16:]), SubsystemID: binary.LittleEndian.Uint16(h[18:]),
			Offset: start, Data: b[start : start+size],
		})
		at = start + size
	}
	return images, nil
}
