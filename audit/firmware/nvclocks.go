package firmware

import (
	"encoding/binary"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Tables of clocks, memory settings and timings that BIT token P of version 2 points
// at: what a modified ROM changes. They share a header: version, its size, and of each
// entry its size, and the size and number of the parts behind it (Linux, drivers/gpu/
// drm/nouveau/nvkm/subdev/bios/perf.c, rammap.c, timing.c).
//
// From version 5.0 on, Pascal, the number of performance levels stands where the size
// of a part stood (NVIDIA's nvgpu, perf/pstate.c, vbios_pstate_header_5x and _6x). A
// part is a clock. Which of them is the memory's is not said; the fourth of 4.0 and the
// third of later versions is what such cards are sold with in each of 33 dumps. Flags stand
// above its 14 bits; in 7.0 of Blackwell, whose bounds are whole words, no bit is left for
// them.
const (
	nestedHeader   = 6
	perfTable      = "bit.P.perf"
	perfV4         = 0x40
	perfV5         = 0x50
	perfV7         = 0x70
	perfLast       = 0x7f
	perfMemoryV4   = 3
	perfMemoryV5   = 2
	perfUnused     = 0xff
	clockBits      = 0x3fff
	nvBitsPerCycle = 2 // of a data line, by the clock that the table states
)

// nested is such a table.
type nested struct {
	header, entry, part, parts, entries int
}

func (n nested) bytes() int  { return n.header + n.entries*n.stride() }
func (n nested) stride() int { return n.entry + n.part*n.parts }

// readNested reads the header of a table.
func readNested(name string, h []byte) nested {
	n := nested{header: int(h[1]), entry: int(h[2]), part: int(h[3]), parts: int(h[4]), entries: int(h[5])}
	if name == perfTable && h[0] >= perfV5 {
		n.entries, n.part, n.parts = int(h[3]), int(h[4]), int(h[5])
	}
	return n
}

// tokenPerformance lists the tables.
func (l *legacy) tokenPerformance(at, size int) {
	b := l.p.b
	for i, name := range [...]string{perfTable, "bit.P.rammap", "bit.P.timing"} {
		pointer := l.p.u32(l.base + at + 4*i)
		table, ok := l.far(pointer)
		if 4*i+4 > size || pointer == 0 || !ok || table+nestedHeader > len(b) {
			continue
		}
		h := b[table : table+nestedHeader]
		n := readNested(name, h)
		if h[0] < 0x10 || n.header < nestedHeader || table+n.bytes() > len(b) {
			continue // an older form
		}
		l.p.rom.Tables = append(l.p.rom.Tables, inventory.ROMTable{Name: name, Offset: table, Bytes: n.bytes(), Revision: nibbles(h[0])})
		if name == perfTable {
			l.memoryClocks(table, h[0], n)
		}
	}
}

// memoryClocks lists the clock of the memory at each level that is in use, the slowest
// level first.
func (l *legacy) memoryClocks(table int, version byte, n nested) {
	which := perfMemoryV5
	switch {
	case version < perfV4 || version > perfLast:
		return
	case version < perfV5:
		which = perfMemoryV4
	}
	if n.entry == 0 || n.part < 2 || n.parts <= which {
		return
	}
	c := inventory.ROMClocks{Place: perfTable, Offset: table, Of: clocksOfMemory}
	fastest := 0
	for i := range min(n.entries, maxClocks) {
		e := table + n.header + i*n.stride()
		mhz := int(binary.LittleEndian.Uint16(l.p.b[e+n.entry+which*n.part:]))
		if version < perfV7 {
			mhz &= clockBits
		}
		if level := l.p.b[e]; level != 0 && level != perfUnused && mhz != 0 {
			c.MHz, fastest = append(c.MHz, mhz), max(fastest, mhz)
		}
	}
	if len(c.MHz) > 0 {
		c.LineMbps = new(fastest * nvBitsPerCycle)
		l.p.rom.Clocks = append(l.p.rom.Clocks, c)
	}
}
