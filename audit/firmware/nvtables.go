package firmware

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Tables that BIT tokens M and P of version 2 point at, as nouveau reads them
// (Linux, drivers/gpu/drm/nouveau/nvkm/subdev/bios/M0203.c, power_budget.c) and as
// real dumps from Kepler to Blackwell have them.
const (
	memoryTableAt   = 3
	memoryTableV1   = 0x10
	memoryHeader    = 4
	memoryEntry     = 2
	memoryUnused    = 0x0f
	maxMemoryChoice = 64
)

// tokenMemory lists the kinds of memory chip that the ROM knows: by strap, type
// and maker. That the maker's code is the high half of the second byte is not
// documented; in every dump it is one that memory chips answer with.
func (l *legacy) tokenMemory(at int) {
	table := l.u16(at + memoryTableAt)
	if table == 0 || table+memoryHeader > len(l.b) || l.b[table] != memoryTableV1 {
		return
	}
	header, size, count := int(l.b[table+1]), int(l.b[table+2]), int(l.b[table+3])
	if header < memoryHeader || size < memoryEntry || table+header+count*size > len(l.b) {
		l.p.fault(faultVendorStructure, l.base+table, "BIT: the memory table (%d entries of %d bytes) does not fit", count, size)
		return
	}
	l.table("bit.M.type", table, header+count*size, nibbles(l.b[table]))
	for i := range min(count, maxMemoryChoice) {
		e := table + header + i*size
		kind, vendor := l.b[e]&0x0f, l.b[e+1]>>4
		if kind == memoryUnused {
			continue
		}
		l.p.rom.Memory = append(l.p.rom.Memory, inventory.ROMMemory{
			Place: "bit.M", Offset: l.base + e, Strap: new(int(l.b[e] >> 4)), Type: nvMemory(kind),
			VendorCode: fmt.Sprintf("%x", vendor), Vendor: memoryVendor(vendor),
		})
	}
}

// tokenPower reads the limit of the whole card from the table of power budgets, of which
// it names the entry (Linux, drivers/gpu/drm/nouveau/nvkm/subdev/bios/power_budget.c):
// version 2.0 and 3.0, Kepler to Ada. What an entry of Blackwell's 4.0 means is not
// known.
func (l *legacy) tokenPower(at, size int) {
	const pointerAt, header, limits = 0x2c, 0x0b, 0x0e
	b := l.p.b
	pointer := l.p.u32(l.base + at + pointerAt)
	table, ok := l.far(pointer)
	if size < pointerAt+4 || pointer == 0 || !ok || table+header > len(b) {
		return
	}
	version, head, entry, count := b[table], int(b[table+1]), int(b[table+2]), int(b[table+3])
	bytes := head + entry*count
	if version < 0x20 || version > 0x40 || head < header || table+bytes > len(b) {
		return
	}
	l.p.rom.Tables = append(l.p.rom.Tables, inventory.ROMTable{Name: powerTable, Offset: table, Bytes: bytes, Revision: nibbles(version)})
	chosen := int(b[table+9])
	if version == 0x30 {
		chosen = int(b[table+10])
	}
	if version >= 0x40 || chosen >= count || entry < limits {
		return
	}
	e := table + head + chosen*entry
	p := inventory.ROMPower{Place: powerTable, Offset: e, Of: "card", Min: int(l.p.u32(e + 2)), Default: int(l.p.u32(e + 6)), Max: int(l.p.u32(e + 10))}
	if p.Default > 0 && p.Min <= p.Default && p.Default <= p.Max {
		l.p.rom.Power = &p
	}
}

const powerTable = "bit.P.power"

func nibbles(v byte) string { return fmt.Sprintf("%d.%d", v>>4, v&0x0f) }

// nvMemory names the memory types that nouveau does (M0203.h), and three that it
// does not: d, which the one Blackwell dump at hand, of a card with GDDR7, has; a,
// of an RTX 3080, which was sold with GDDR6X alone; and 4, of GT 1030s, which were
// sold with GDDR5, whose code is 3, and with DDR4.
func nvMemory(kind byte) string {
	name := map[byte]string{0: "DDR2", 1: "DDR3", 2: "GDDR3", 3: "GDDR5", 4: "DDR4", 6: "HBM2", 8: "GDDR5X", 9: "GDDR6", 0x0a: "GDDR6X", 0x0d: "GDDR7"}[kind]
	if name == "" {
		return hexBytes(kind)
	}
	return name
}

// memoryVendor names the makers' codes of graphics memory (Linux, drivers/gpu/
// drm/amd/include/atombios.h; the chips answer with them by JEDEC's rules).
func memoryVendor(code byte) *string {
	return inventory.Fact(map[byte]string{
		1: "Samsung", 2: "Infineon", 3: "Elpida", 4: "Etron", 5: "Nanya", 6: "Hynix", 7: "Mosel", 8: "Winbond", 9: "ESMT", 0x0f: "Micron",
	}[code])
}
