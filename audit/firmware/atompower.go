package firmware

import (
	"encoding/binary"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// PowerPlayInfo of revision 7.1 (Polaris): offsets in the table, and in the tables that it
// points at, each of which begins with a revision and a count (Linux, drivers/gpu/drm/amd/
// pm/powerplay/hwmgr/pptable_v1_0.h, ATOM_Tonga_POWERPLAYTABLE, ATOM_Tonga_MCLK_Dependency_
// Table, ATOM_Polaris_SCLK_Dependency_Table, ATOM_Polaris_PowerTune_Table). Of other
// revisions the dumps at hand confirm too little.
const (
	atomPower         = "atom.PowerPlayInfo"
	powerRevision     = "7.1"
	powerTolerance    = 31 // by how much of a hundred a user may raise the limit
	powerMemory       = 43
	powerEngine       = 45
	powerTune         = 57
	powerHead         = 59
	memoryRecord      = 13
	memoryRecordClock = 7
	engineRecord      = 15
	engineRecordClock = 3
	engineRevision    = 1 // the records of revision 0 are those of Tonga, and shorter
	tuneRevision      = 4
	tuneLimit         = 15 // in watts
	maxClocks         = 16
)

// powerPlay reads the clocks and the limit of power that the driver sets. It lets a user
// lower the limit to nothing.
func (l *legacy) powerPlay(at int, revision string) {
	end := at + l.u16(at)
	if revision != powerRevision || end > len(l.b) || at+powerHead > end {
		return
	}
	table := l.b[at:end]
	l.clocks(table, at, "memory", powerMemory, memoryRecord, memoryRecordClock)
	if t := pointed(table, powerEngine); len(t) > 0 && t[0] == engineRevision {
		l.clocks(table, at, "engine", powerEngine, engineRecord, engineRecordClock)
	}
	tune := pointed(table, powerTune)
	if len(tune) < tuneLimit+2 || tune[0] != tuneRevision {
		return
	}
	const milli = 1000
	limit, tolerance := u16le(tune, tuneLimit), u16le(table, powerTolerance)
	if limit == 0 || tolerance > 100 {
		return
	}
	l.p.rom.Power = &inventory.ROMPower{
		Place: atomPower, Offset: l.base + end - len(tune), Of: "chip",
		Default: limit * milli, Max: limit * (100 + tolerance) * milli / 100,
	}
}

// clocks lists the clocks of a table of records: those that the driver chooses from.
func (l *legacy) clocks(table []byte, at int, of string, pointer, record, clock int) {
	t := pointed(table, pointer)
	if len(t) < 2 {
		return
	}
	count := min(int(t[1]), maxClocks)
	offset := l.base + at + len(table) - len(t)
	if count == 0 || len(t) < 2+count*record {
		l.p.fault(faultVendorStructure, offset, "PowerPlayInfo: a table of %d clocks of the %s does not fit", t[1], of)
		return
	}
	c := inventory.ROMClocks{Place: atomPower, Offset: offset, Of: of}
	for i := range count {
		r := t[2+i*record:]
		c.MHz = append(c.MHz, int(binary.LittleEndian.Uint32(r[clock:]))/clockUnitsOfMHz)
	}
	l.p.rom.Clocks = append(l.p.rom.Clocks, c)
}

// pointed is the rest of a table from where it points, nil where it does not point into
// itself.
func pointed(table []byte, pointer int) []byte {
	at := u16le(table, pointer)
	if at < powerHead || at >= len(table) {
		return nil
	}
	return table[at:]
}

func u16le(b []byte, at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }
