package firmware

import (
	"bytes"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The memory settings of VRAM_Info 2.2 (Polaris): a block of registers that the
// driver writes when it changes the memory clock, one set of values for each clock and
// kind of chip (Linux, drivers/gpu/drm/amd/include/atombios.h, ATOM_VRAM_INFO_HEADER_
// V2_2, ATOM_INIT_REG_BLOCK, ATOM_MEMORY_SETTING_DATA_BLOCK).
const (
	timingRevision  = "2.2"
	timingPointer   = 6 // in the table, to the block
	timingHeader    = 4 // sizes of the list of registers and of a set
	timingID        = 4 // clock in units of 10 kHz, three bytes, and the kind of chip
	maxTimings      = 256
	clockUnitsOfMHz = 100
)

// timings lists the sets. One that has the values of the slower clock in front of it
// says so.
func (l *legacy) timings(table int, revision string) {
	end := table + l.u16(table)
	if revision != timingRevision || end > len(l.b) {
		return
	}
	at := table + l.u16(table+timingPointer)
	if at == table || at+timingHeader > end {
		return
	}
	size := l.u16(at + 2)
	first := at + timingHeader + l.u16(at)
	if size <= timingID {
		return
	}
	for s := first; s+size <= end && len(l.p.rom.Timings) < maxTimings; s += size {
		id := l.p.u32(l.base + s)
		if id == 0 {
			return // behind the last
		}
		t := inventory.ROMTiming{Place: atomVRAM, Offset: l.base + s, Module: int(id >> 24), MHz: int(id&0xffffff) / clockUnitsOfMHz}
		if n := len(l.p.rom.Timings); n > 0 {
			before := l.p.rom.Timings[n-1]
			if before.Module == t.Module && before.MHz < t.MHz && bytes.Equal(l.b[s-size+timingID:s], l.b[s+timingID:s+size]) {
				t.SameAsMHz = before.MHz
			}
		}
		l.p.rom.Timings = append(l.p.rom.Timings, t)
	}
}
