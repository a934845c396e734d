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

// vramLayouts are the revisions. Real dumps confirm 2.2, 2.3 and 2.5: Polaris, Vega 10,
// Navi 23. 2.4 (Navi 10) and 2.6 (Aldebaran) are by the header alone, whose 2.6 has the
// modules of 2.3.
func vramLayouts() map[string]vramLayout {
	return map[string]vramLayout{
		"2.2": {count: 0x10, modules: 0x14, size: 0x04, kind: 0x0b, channels: 0x0c, width: 0x0d, mib: 0x14, mibBytes: 2, vendor: 0x1c, part: 0x2c, powers: true},
		"2.3": {count: 0x14, modules: 0x18, size: 0x14, kind: 0x17, channels: 0x18, width: 0x19, mib: 0x00, mibBytes: 4, vendor: 0x1c, part: 0x20},
		"2.4": {count: 0x14, modules: 0x18, size: 0x14, kind: 0x17, channels: 0x18, width: 0x19, mib: 0x00, mibBytes: 4, vendor: 0x1c, part: 0x28},
		"2.6": {count: 0x14, modules: 0x18, size: 0x14, kind: 0x17, channels: 0x18, width: 0x19, mib: 0x00, mibBytes: 4, vendor: 0x1c, part: 0x20},
		"2.5": {count: 0x14, modules: 0x18, size: 0x0a, kind: 0x0d, channels: 0x0e, width: 0x0f, mib: 0x00, mibBytes: 4, vendor: 0x1a, part: 0x2c},
	}
}

// maxModules bounds the modules of one table; the formats have room for 16.
const maxModules = 32

// vram lists the memory that the ROM can drive. The first module of a table is
// often one without a maker: what holds for all.
func (l *legacy) vram(at int, revision string) {
	if revision == vram3 {
		l.vram3(at)
		return
	}
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

// VRAM_Info 3.0 (RDNA 3; atomfirmware.h, atom_vram_info_header_v3_0 and atom_vram_module_
// v3_0) says once what holds for all modules, which have one size each. By the header
// alone: no dump at hand has it. How much memory a module has is not read.
const (
	vram3         = "3.0"
	vram3Count    = 0x14
	vram3Kind     = 0x18
	vram3Channels = 0x19
	vram3Width    = 0x1a
	vram3Modules  = 0x40
	vram3Module   = 68
	vram3Vendor   = 3
	vram3Part     = 28
)

func (l *legacy) vram3(at int) {
	end := at + l.u16(at)
	if end > len(l.b) || at+vram3Modules > end {
		return
	}
	count := int(l.b[at+vram3Count])
	if count > maxModules || at+vram3Modules+count*vram3Module > end {
		l.p.fault(faultVendorStructure, l.base+at, "VRAM_Info: %d modules do not fit", count)
		return
	}
	for i := range count {
		m := l.b[at+vram3Modules+i*vram3Module:][:vram3Module]
		part, _, _ := strings.Cut(string(m[vram3Part:]), "\x00")
		vendor := m[vram3Vendor] & 0x0f
		l.p.rom.Memory = append(l.p.rom.Memory, inventory.ROMMemory{
			Place: atomVRAM, Offset: l.base + at + vram3Modules + i*vram3Module, Type: atomMemory(l.b[at+vram3Kind]), VendorCode: fmt.Sprintf("%x", vendor),
			Vendor: memoryVendor(vendor), BusBits: new(int(l.b[at+vram3Channels]) << (l.b[at+vram3Width] & 0x0f)), Part: inventory.Fact(printable(part)),
		})
	}
}

// IntegratedSystemInfo of processors with graphics, 1.11, 1.12 and 2.1 to 2.3 (atomfirmware.h,
// atom_integrated_system_info_v1_11 and _v2_2, and atom_dmi_t17_mem_type_def for the kinds,
// which are those of SMBIOS type 17): which memory of the machine it works in. Dumps confirm
// 1.12, Renoir and Lucienne, and 2.2, Phoenix; in the others the fields stand in the same
// places.
const (
	atomSystem = "atom.IntegratedSystemInfo"
	systemKind = 26 // the number of channels follows
	renoirKind = 42
)

func (l *legacy) systemMemory(at int, revision string) {
	kindAt := map[string]int{"1.11": renoirKind, "1.12": renoirKind, "2.1": systemKind, "2.2": systemKind, "2.3": systemKind}[revision]
	if kindAt == 0 || at+kindAt+1 >= len(l.b) || l.u16(at) <= kindAt+1 {
		return
	}
	kind := map[byte]string{0x18: "DDR3", 0x1a: "DDR4", 0x1d: "LPDDR3", 0x1e: "LPDDR4", 0x22: "DDR5", 0x23: "LPDDR5"}[l.b[at+kindAt]]
	channels := int(l.b[at+kindAt+1])
	if kind == "" || channels == 0 || channels > 32 {
		return
	}
	width := 64
	if kind == "LPDDR5" {
		width = 32
	}
	l.p.rom.Memory = append(l.p.rom.Memory, inventory.ROMMemory{Place: atomSystem, Offset: l.base + at, Type: kind, VendorCode: "0", BusBits: new(channels * width)})
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
