package firmware

import (
	"encoding/binary"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// PowerPlayInfo: the clocks and the limit of power that AMD's driver sets. It lets a user
// lower the limit to nothing. Dumps confirm Polaris, Vega 10, Navi 10 and Navi 23; the
// forms of Tonga and Fiji and of RDNA 3 are by AMD's headers alone.
const (
	atomPower      = "atom.PowerPlayInfo"
	clocksOfMemory = "memory"
	clocksOfEngine = "engine"
	maxClocks      = 16
	maxMHz         = 10000
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
	case "12.0":
		t.controller(navi1Layout())
	case "15.0":
		t.controller(navi3Layout())
	case "18.0":
		t.controller(navi2Layout())
	}
}

// powerTables is a table and where it lies.
type powerTables struct {
	l  *legacy
	at int
	b  []byte
}

// Revision 7.1, Tonga, Fiji and Polaris: offsets in the table, and in the tables that it
// points at, each of which begins with a revision and a count (Linux, drivers/gpu/drm/amd/
// pm/powerplay/hwmgr/pptable_v1_0.h, ATOM_Tonga_POWERPLAYTABLE, ATOM_Tonga_MCLK_
// Dependency_Table, ATOM_Tonga_ and ATOM_Polaris_SCLK_Dependency_Table; the limit stands in
// the same place of ATOM_Tonga_, ATOM_Fiji_ and ATOM_Polaris_PowerTune_Table, which process_
// pptables_v1_0.c tells apart by revision).
const (
	powerTolerance    = 31 // by how much of a hundred a user may raise the limit
	powerMemory       = 43
	powerEngine       = 45
	powerTune         = 57
	powerHead         = 59
	memoryRecord      = 13
	memoryRecordClock = 7
	engineRecord      = 15
	engineRecordTonga = 11 // of revision 0
	engineRecordClock = 3
	engineRevision    = 1
	tuneRevision      = 4  // the newest
	tuneLimit         = 15 // in watts
)

func (t powerTables) polaris() {
	if len(t.b) < powerHead {
		return
	}
	t.records(clocksOfMemory, powerMemory, memoryRecord, memoryRecordClock)
	if e := t.pointed(powerEngine); len(e) > 0 && e[0] <= engineRevision {
		t.records(clocksOfEngine, powerEngine, [...]int{engineRecordTonga, engineRecord}[e[0]], engineRecordClock)
	}
	if tune := t.pointed(powerTune); len(tune) >= tuneLimit+2 && tune[0] <= tuneRevision {
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

// controllerLayout is a table from Navi 10 on: what a user may set, the driver's part of
// it, and behind that the part of the power controller. Clocks are in MHz: the fastest
// ones four bytes each in the driver's part, or all levels of the memory, two bytes each, in
// the controller's. The limit of power is in watts.
type controllerLayout struct {
	part    int // where the table says that the controller's part begins
	begins  int // where it begins in this layout, 0 for where the table says
	head    int // of the driver's part, as far as it is read
	percent int // by how much a user may raise the limit
	limit   int // in the controller's part
	engine  int // the fastest clock, 0 for none
	memory  int
	levels  int // in the controller's part: four clocks of the memory, 0 for none
}

// navi1Layout is revision 12.0, Navi 10 and 14 (Linux, drivers/gpu/drm/amd/pm/swsmu/inc/
// smu_v11_0_pptable.h, smu_11_0_powerplay_table, and pmfw_if/smu11_driver_if_navi10.h,
// PPTable_t). What the driver's part has of the memory's clock is the fastest of a mode that
// saves power; the levels are in the controller's part.
func navi1Layout() controllerLayout {
	return controllerLayout{part: 0x05, begins: 0x1e2, head: 0x1e2, percent: 0xe2 + 4*9, limit: 12, engine: 0x36, levels: 412}
}

// navi2Layout is revision 18.0, Navi 2x (smu_v11_0_7_pptable.h, smu_11_0_7_powerplay_table,
// and smu11_driver_if_sienna_cichlid.h, PPTable_t, whose third field the limit is).
func navi2Layout() controllerLayout {
	return controllerLayout{part: 0x05, head: 0x106, percent: 0xe2 + 4*8, limit: 12, engine: 0x36, memory: 0x36 + 4*2}
}

// navi3Layout is revision 15.0, Navi 3x (smu_v13_0_0_pptable.h and smu_v13_0_7_pptable.h,
// smu_13_0_0_powerplay_table; pmfw_if/smu13_driver_if_v13_0_0.h, SkuTable_t). The table
// has to have the length that the header gives it. By the headers alone: no dump at hand
// has it.
func navi3Layout() controllerLayout {
	return controllerLayout{part: 0x06, begins: 0x340, head: 0x340, percent: 0xff + 4*4, limit: 16}
}

func (t powerTables) controller(y controllerLayout) {
	if len(t.b) < y.head {
		return
	}
	part := u16le(t.b, y.part)
	if part < y.head || y.begins != 0 && part != y.begins {
		return // of another layout
	}
	if y.levels != 0 {
		t.levels(part + y.levels)
	}
	for _, c := range []struct {
		of string
		at int
	}{{clocksOfMemory, y.memory}, {clocksOfEngine, y.engine}} {
		if c.at == 0 {
			continue
		}
		if mhz := binary.LittleEndian.Uint32(t.b[c.at:]); mhz > 0 && mhz < maxMHz {
			t.add(c.of, c.at, []int{int(mhz)})
		}
	}
	if part+y.limit+2 <= len(t.b) {
		t.limit(part, u16le(t.b, part+y.limit), int(min(1<<16, binary.LittleEndian.Uint32(t.b[y.percent:]))))
	}
}

// levels lists four clocks of the memory, the slowest first; what does not rise is no list
// of them.
func (t powerTables) levels(at int) {
	const count = 4
	if at+2*count > len(t.b) {
		return
	}
	mhz := make([]int, count)
	for i := range mhz {
		mhz[i] = u16le(t.b, at+2*i)
	}
	if mhz[0] > 0 && mhz[count-1] < maxMHz && slices.IsSorted(mhz) {
		t.add(clocksOfMemory, at, slices.Compact(mhz))
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
