package firmware

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// vramLayout is where VRAM_Info of one revision has what is read of it
// (Linux, drivers/gpu/drm/amd/include/atombios.h and atomfirmware.h).
type vramLayout struct {
	count, modules int // of the table
	// of a module; mib has mibBytes bytes
	size, kind, channels, width, mib, mibBytes, vendor, part int
	powers                                                   bool // channels is a power of two, not a number
}

// vramLayouts are the revisions that real dumps confirm: Polaris, Vega, Navi 23.
func vramLayouts() map[string]vramLayout {
	return map[string]vramLayout{
		"2.2": {count: 0x10, modules: 0x14, size: 0x04, kind: 0x0b, channels: 0x0c, width: 0x0d, mib: 0x14, mibBytes: 2, vendor: 0x1c, part: 0x2c, powers: true},
		"2.3": {count: 0x14, modules: 0x18, size: 0x14, kind: 0x17, channels: 0x18, width: 0x19, mib: 0x00, mibBytes: 4, vendor: 0x1c, part: 0x20},
		"2.5": {count: 0x14, modules: 0x18, size: 0x0a, kind: 0x0d, channels: 0x0e, width: 0x0f, mib: 0x00, mibBytes: 4, vendor: 0x1a, part: 0x2c},
	}
}

// maxModules bounds the modules of one table; the formats have room for 16.
const maxModules = 32

// vram lists the memory that the ROM can drive. The first module of a table is
// often one without a maker: what holds for all.
func (l *legacy) vram(at int, revision string) {
	layout, known := vramLayouts()[revision]
	end := at + l.u16(at)
	if !known || end > len(l.b) || at+layout.modules > end {
		return
	}
	module := at + layout.modules
	for range min(maxModules, int(l.b[at+layout.count])) {
		if module+layout.part > end {
			l.p.fault(faultVendorStructure, l.base+at, "VRAM_Info: a module does not fit")
			return
		}
		m := l.b[module:end]
		size := int(binary.LittleEndian.Uint16(m[layout.size:]))
		if size < layout.part || size > len(m) {
			l.p.fault(faultVendorStructure, l.base+module, "VRAM_Info: a module of %d bytes", size)
			return
		}
		l.p.rom.Memory = append(l.p.rom.Memory, layout.read(m[:size], l.base+module))
		module += size
	}
}

// read reads one module.
func (v vramLayout) read(m []byte, offset int) inventory.ROMMemory {
	mib, channels := int(binary.LittleEndian.Uint16(m[v.mib:])), int(m[v.channels])
	if v.mibBytes == 4 {
		mib = int(binary.LittleEndian.Uint32(m[v.mib:]))
	}
	if v.powers {
		channels = 1 << (channels & 0x0f)
	}
	part, _, _ := strings.Cut(string(m[v.part:]), "\x00")
	vendor := m[v.vendor] & 0x0f
	return inventory.ROMMemory{
		Place: atomVRAM, Offset: offset, Type: atomMemory(m[v.kind]), VendorCode: fmt.Sprintf("%x", vendor), Vendor: memoryVendor(vendor),
		MiB: new(mib), BusBits: new(channels << (m[v.width] & 0x0f)), Part: inventory.Fact(printable(part)),
	}
}

// atomMemory names the memory types of atomfirmware.h (atom_dgpu_vram_type).
func atomMemory(kind byte) string {
	switch kind {
	case 0x50:
		return "GDDR5"
	case 0x60:
		return "HBM2"
	case 0x61:
		return "HBM2E"
	case 0x70:
		return "GDDR6"
	case 0x80:
		return "HBM3"
	default:
		return hexBytes(kind)
	}
}
