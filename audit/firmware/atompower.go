package firmware

import (
	"encoding/binary"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// PowerPlayInfo: the clocks and the limit of power that AMD's driver sets. It lets a user
// lower the limit to nothing. Three revisions are read, each with dumps that confirm it.
const (
	atomPower      = "atom.PowerPlayInfo"
	clocksOfMemory = "memory"
	clocksOfEngine = "engine"
	maxClocks      = 16
	milli          = 1000
)

// powerPlay reads a table.
func (l *legacy) powerPlay(at int, revision string) {
	end := at + l.u16(at)
	if end > len(l.b) || at >= end {
		return
	}
	t := powerTables{l: l, at: at, b: l.b[at:end]}
	switch revision {
	case "7.1":
		t.polaris()
	case "8.1":
		t.vega()
	case "18.0":
		t.navi2()
	}
}

// powerTables is a table and where it lies.
type powerTables struct {
	l  *legacy
	at int
	b  []byte
}

// Revision 7.1, Polaris: offsets in the table, and in the tables that it points at, each
// of which begins with a revision and a count (Linux, drivers/gpu/drm/amd/pm/powerplay/
// hwmgr/pptable_v1_0.h, ATOM_Tonga_POWERPLAYTABLE, ATOM_Tonga_MCLK_Dependency_Table,
// ATOM_Polaris_SCLK_Dependency_Table, ATOM_Polaris_PowerTune_Table).
const (
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
)

func (t powerTables) polaris() {
	if len(t.b) < powerHead {
		return
	}
	t.records(clocksOfMemory, powerMemory, memoryRecord, memoryRecordClock)
	if e := t.pointed(powerEngine); len(e) > 0 && e[0] == engineRevision {
		t.records(clocksOfEngine, powerEngine, engineRecord, engineRecordClock)
	}
	if tune := t.pointed(powerTune); len(tune) >= tuneLimit+2 && tune[0] == tuneRevision {
		t.limit(len(t.b)-len(tune), u16le(tune, tuneLimit), u16le(t.b, powerTolerance))
	}
}

// Revision 8.1, Vega 10 (Linux, drivers/gpu/drm/amd/pm/powerplay/hwmgr/vega10_pptable.h,
// ATOM_Vega10_POWERPLAYTABLE, ATOM_Vega10_MCLK_Dependency_Table, ATOM_Vega10_GFXCLK_
// Dependency_Table and its second form, ATOM_Vega10_PowerTune_Table).
const (
	vegaTolerance    = 0x1d
	vegaMemory       = 0x38
	vegaEngine       = 0x3a
	vegaTune         = 0x48
	vegaHead         = 0x5c
	vegaMemoryRecord = 7
	vegaEngineRecord = 9
	vegaEngineLong   = 13 // from revision 1 of the table on
	vegaTuneLimit    = 1
)

func (t powerTables) vega() {
	if len(t.b) < vegaHead {
		return
	}
	t.records(clocksOfMemory, vegaMemory, vegaMemoryRecord, 0)
	record := vegaEngineRecord
	if e := t.pointed(vegaEngine); len(e) > 0 && e[0] > 0 {
		record = vegaEngineLong
	}
	t.records(clocksOfEngine, vegaEngine, record, 0)
	if tune := t.pointed(vegaTune); len(tune) >= vegaTuneLimit+2 {
		t.limit(len(t.b)-len(tune), u16le(tune, vegaTuneLimit), u16le(t.b, vegaTolerance))
	}
}

// Revision 18.0, Navi 23 (Linux, drivers/gpu/drm/amd/pm/swsmu/inc/smu_v11_0_7_pptable.h,
// smu_11_0_7_powerplay_table, and smu11_driver_if_sienna_cichlid.h, PPTable_t, whose
// third field it is): the fastest clocks in MHz, by the number of the clock, what a user
// may set, and at the end of the driver's part that of the power controller.
const (
	naviPart      = 0x05 // where the controller's part begins
	naviClocks    = 0x36 // the fastest, four bytes each
	naviEngineNo  = 0
	naviMemoryNo  = 2
	naviOverdrive = 0xb6 // the table of what a user may set
	naviPercent   = naviOverdrive + 0x2c + 4*8
	naviHead      = naviPercent + 4
	naviLimit     = 12 // in the controller's part, in watts
)

func (t powerTables) navi2() {
	if len(t.b) < naviHead {
		return
	}
	for _, c := range []struct {
		of     string
		number int
	}{{clocksOfMemory, naviMemoryNo}, {clocksOfEngine, naviEngineNo}} {
		at := naviClocks + 4*c.number
		if mhz := binary.LittleEndian.Uint32(t.b[at:]); mhz > 0 && mhz < 10000 {
			t.add(c.of, at, []int{int(mhz)})
		}
	}
	if part := u16le(t.b, naviPart); part >= naviHead && part+naviLimit+2 <= len(t.b) {
		t.limit(part, u16le(t.b, part+naviLimit), int(min(1<<16, binary.LittleEndian.Uint32(t.b[naviPercent:]))))
	}
}

// limit states the limit of power in watts, and by how much of a hundred a user may raise it.
func (t powerTables) limit(offset, watts, tolerance int) {
	if watts == 0 || tolerance > 100 {
		return
	}
	t.l.p.rom.Power = &inventory.ROMPower{
		Place: atomPower, Offset: t.l.base + t.at + offset, Of: "chip",
		Default: watts * milli, Max: watts * (100 + tolerance) * milli / 100,
	}
}

// records lists the clocks of a table of records: those that the driver chooses from.
func (t powerTables) records(of string, pointer, record, clock int) {
	r := t.pointed(pointer)
	if len(r) < 2 {
		return
	}
	count, offset := min(int(r[1]), maxClocks), len(t.b)-len(r)
	if count == 0 || len(r) < 2+count*record {
		t.l.p.fault(faultVendorStructure, t.l.base+t.at+offset, "PowerPlayInfo: a table of %d clocks of the %s does not fit", r[1], of)
		return
	}
	mhz := make([]int, count)
	for i := range mhz {
		mhz[i] = int(binary.LittleEndian.Uint32(r[2+i*record+clock:])) / clockUnitsOfMHz
	}
	t.add(of, offset, mhz)
}

func (t powerTables) add(of string, offset int, mhz []int) {
	t.l.p.rom.Clocks = append(t.l.p.rom.Clocks, inventory.ROMClocks{Place: atomPower, Offset: t.l.base + t.at + offset, Of: of, MHz: mhz})
}

// pointed is the rest of the table from where it points, nil where it does not point into
// itself, behind its head.
func (t powerTables) pointed(pointer int) []byte {
	at := u16le(t.b, pointer)
	if at < powerHead || at >= len(t.b) {
		return nil
	}
	return t.b[at:]
}

func u16le(b []byte, at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }

// memoryRate says what a data line carries at the fastest clock of the memory: how many
// bits a cycle depends on its kind. A ROM that is made for several kinds leaves it open.
func (l *legacy) memoryRate() {
	if len(l.p.rom.Memory) == 0 {
		return
	}
	kind := l.p.rom.Memory[0].Type
	perCycle := map[string]int{"GDDR5": 4, "GDDR6": 16, "HBM2": 2, "HBM2E": 2}[kind]
	if perCycle == 0 || slices.ContainsFunc(l.p.rom.Memory, func(m inventory.ROMMemory) bool { return m.Type != kind }) {
		return
	}
	for i := range l.p.rom.Clocks {
		if c := &l.p.rom.Clocks[i]; c.Of == clocksOfMemory && len(c.MHz) > 0 && slices.Max(c.MHz) < 1<<16 {
			c.LineMbps = new(slices.Max(c.MHz) * perCycle)
		}
	}
}
