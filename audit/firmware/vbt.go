package firmware

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Intel's video BIOS table (Linux, drivers/gpu/drm/i915/display/intel_vbt_defs.h):
// a header, then the BIOS data block of typed blocks that say which displays are
// wired, and how.
const (
	vbtMark         = "$VBT"
	vbtHeaderBytes  = 48
	bdbMark         = "BIOS_DATA_BLOCK "
	bdbHeaderBytes  = 22
	bdbBlockBytes   = 3  // of a block's header: id, size
	bdbMIPISequence = 53 // its size has 32 bits from version 3 on, behind a version byte
	bdbDefinitions  = 2  // general definitions, with the child devices
	maxBlocks       = 256
)

// ErrVBT says that a video BIOS table does not parse.
var ErrVBT = errors.New("malformed video BIOS table")

// ParseVBT reads the table at the start of b: as it lies in a legacy image, in a
// VBT file of system firmware, or in i915_vbt of debugfs. With an error it gives
// what was read before the fault.
func ParseVBT(b []byte) (*inventory.VBT, error) {
	if len(b) < vbtHeaderBytes || !hasMark(b, 0, vbtMark) {
		return nil, fmt.Errorf("%w: no $VBT header in %d bytes", ErrVBT, len(b))
	}
	v := &inventory.VBT{Product: printable(string(b[len(vbtMark):20])), Version: int(binary.LittleEndian.Uint16(b[20:]))}
	size, at := int(binary.LittleEndian.Uint16(b[24:])), int(binary.LittleEndian.Uint32(b[28:]))
	v.Bytes = size
	if size < vbtHeaderBytes || size > len(b) {
		return v, fmt.Errorf("%w: offset 0x18: it claims %d bytes of %d", ErrVBT, size, len(b))
	}
	b = b[:size]
	var sum byte
	for _, x := range b {
		sum += x
	}
	v.Sum = int(sum)
	if at < vbtHeaderBytes || at > size-bdbHeaderBytes || !hasMark(b, at, bdbMark) {
		return v, fmt.Errorf("%w: offset 0x1c: no data block at %#x", ErrVBT, at)
	}
	v.DataVersion = int(binary.LittleEndian.Uint16(b[at+16:]))
	header, length := int(binary.LittleEndian.Uint16(b[at+18:])), int(binary.LittleEndian.Uint16(b[at+20:]))
	if header < bdbHeaderBytes || length < header || length > size-at {
		return v, fmt.Errorf("%w: offset %#x: the data block claims %d bytes, %d of them header, of %d", ErrVBT, at+18, length, header, size-at)
	}
	err := readBlocks(v, b[at:at+length], at, header)
	if err != nil && v.DataVersion == 0 && len(v.Blocks) == 0 {
		// The legacy image of Battlemage has a table like this: its maker's text
		// where blocks would be, of no version. What counts is in the flash.
		return v, nil
	}
	return v, err
}

// readBlocks lists the blocks of the data block d, which lies at an offset of the
// table; the first block is at at.
func readBlocks(v *inventory.VBT, d []byte, offset, at int) error {
	for at < len(d) {
		if len(d)-at < bdbBlockBytes {
			return fmt.Errorf("%w: offset %#x: %d bytes are no block", ErrVBT, offset+at, len(d)-at)
		}
		if len(v.Blocks) == maxBlocks {
			return fmt.Errorf("%w: offset %#x: more than %d blocks", ErrVBT, offset+at, maxBlocks)
		}
		id, size, start := int(d[at]), int(binary.LittleEndian.Uint16(d[at+1:])), at+bdbBlockBytes
		if id == bdbMIPISequence && len(d)-start >= 5 && d[start] >= 3 {
			size = 5 + int(binary.LittleEndian.Uint32(d[start+1:]))
		}
		// In most real tables the last block claims one byte more than there is.
		if size == len(d)-start+1 {
			size--
		}
		if size > len(d)-start {
			return fmt.Errorf("%w: offset %#x: block %d claims %d bytes of %d", ErrVBT, offset+at, id, size, len(d)-start)
		}
		v.Blocks = append(v.Blocks, inventory.VBTBlock{ID: id, Offset: offset + start, Bytes: size})
		if id == bdbDefinitions {
			v.Outputs = outputs(d[start : start+size])
		}
		at = start + size
	}
	return nil
}

// outputs counts the child devices that are wired: those with a device type.
func outputs(b []byte) *int {
	const sizeAt, first, typeAt = 4, 5, 2
	if len(b) < first || int(b[sizeAt]) < typeAt+2 {
		return nil
	}
	size, n := int(b[sizeAt]), 0
	for at := first; at+size <= len(b); at += size {
		if binary.LittleEndian.Uint16(b[at+typeAt:]) != 0 {
			n++
		}
	}
	return new(n)
}

// intel reads the table in a legacy image: it has no fixed place there.
func (l *legacy) intel() {
	at := bytes.Index(l.b, []byte(vbtMark))
	if at < 0 {
		return
	}
	v, err := ParseVBT(l.b[at:])
	if v == nil {
		return // the mark as a text in code
	}
	if err != nil {
		l.p.fault(faultVendorStructure, l.base+at, "%v", err)
	}
	l.text("product", at, 20)
	l.table("vbt", at, v.Bytes, fmt.Sprintf("%d, data %d", v.Version, v.DataVersion))
	v.Offset = l.base + at
	l.p.rom.VBT = v
}

// configuration reads the table of the configuration that Intel's graphics cards
// keep in a partition of their own, behind it, as an image of type ff. It is what the
// driver goes by (Linux, drivers/gpu/drm/i915/display/intel_bios.c), and takes the
// place of the one in the legacy image.
func (p *parser) configuration() {
	for i, h := range p.headers {
		img := &p.rom.Images[i]
		if h.code != codeOptionRest || h.vendor != vendorIntel || img.Chain != 0 {
			continue
		}
		l := legacy{p: p, b: p.b[img.Offset : img.Offset+img.Bytes], base: img.Offset}
		l.intel()
	}
}
