package firmware

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// settings puts what a ROM says of power and clocks on one line.
func settings(rom *inventory.ROM) string {
	var parts []string
	if p := rom.Power; p != nil {
		parts = append(parts, fmt.Sprintf("%s %d-%d-%d W", p.Of, p.Min/1000, p.Default/1000, p.Max/1000))
	}
	for _, c := range rom.Clocks {
		parts = append(parts, fmt.Sprint(c.Of, c.MHz))
		if c.LineMbps != nil {
			parts = append(parts, fmt.Sprint(*c.LineMbps, " Mbit/s"))
		}
	}
	return strings.Join(parts, " ")
}

// TestPowerPlayOfDumps: stock cards have the clocks of memory that they are sold with (an
// RX 580 8 Gbit/s on each line, an RX Vega 56 1.6, an RX 6600 XT 16); those that were
// changed for mining have more, and another limit.
func TestPowerPlayOfDumps(t *testing.T) {
	files := dumps(t)
	for name, want := range map[string]string{
		"amd-polaris-rx580-sapphire-stock.rom":  "chip 0-155-201 W memory[300 1000 2000] 8000 Mbit/s engine[300 600 900 1145 1215 1257 1300 1366]",
		"amd-polaris-rx580-sapphire-modded.rom": "chip 0-115-149 W memory[300 1000 2225] 8900 Mbit/s engine[300 600 900 1140 1150 1160 1170 1185]",
		"amd-vega10-vega56-msi.rom":             "chip 0-165-247 W memory[167 500 700 800] 1600 Mbit/s engine[852 991 1138 1269 1312 1474 1569 1622]",
		"amd-navi23-rx6600xt-sapphire.rom":      "chip 0-135-162 W memory[1000] 16000 Mbit/s engine[2898]",
		"amd-phoenix-7840hs-apu.bin":            "",
	} {
		if got := settings(Parse(files[name])); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// powerROM is a legacy image of AMD with a PowerPlay table.
func powerROM(table []byte) []byte {
	u16 := func(b []byte, at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }
	rom := image(codeLegacy, vendorAMD, 0x67df, 8, true)
	header, data, at := 0x100, 0x140, 0x200
	u16(rom, atomHeaderAt, header)
	u16(rom, header, atomMinHeader)
	copy(rom[header+4:], "ATOM")
	u16(rom, header+atomData, data)
	u16(rom, data, 4+2*16)
	u16(rom, data+4+2*15, at)
	copy(rom[at:], table)
	return rom
}

// powerPlayROM has a table of revision 7.1 with two clocks of each kind.
func powerPlayROM(edit func(table []byte)) []byte {
	u16 := func(b []byte, at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }
	table := make([]byte, 200)
	u16(table, 0, len(table))
	table[2], table[3] = 7, 1
	u16(table, powerTolerance, 20)
	u16(table, powerMemory, 60)
	u16(table, powerEngine, 90)
	u16(table, powerTune, 130)
	table[61], table[91], table[90], table[130] = 2, 2, engineRevision, tuneRevision
	for i, mhz := range []uint32{300, 2000} {
		binary.LittleEndian.PutUint32(table[62+i*memoryRecord+memoryRecordClock:], mhz*100)
		binary.LittleEndian.PutUint32(table[92+i*engineRecord+engineRecordClock:], mhz*50)
	}
	u16(table, 130+tuneLimit, 150)
	edit(table)
	return powerROM(table)
}

func TestPowerPlay(t *testing.T) {
	const whole = "chip 0-150-180 W memory[300 2000] engine[150 1000]"
	for _, tc := range []struct {
		name   string
		edit   func(table []byte)
		want   string
		faulty bool
	}{
		{"whole", func([]byte) {}, whole, false},
		{"another revision", func(b []byte) { b[3] = 2 }, "", false},
		{"longer than its image", func(b []byte) { b[1] = 0xff }, "", false},
		{"shorter than its head", func(b []byte) { b[0] = powerHead - 1 }, "", false},
		{"clocks beyond the end", func(b []byte) { b[powerMemory] = 199 }, "chip 0-150-180 W engine[150 1000]", false},
		{"clocks inside the head", func(b []byte) { b[powerMemory] = 4 }, "chip 0-150-180 W engine[150 1000]", false},
		{"more clocks than there is room for", func(b []byte) { b[61] = 0xff }, "chip 0-150-180 W engine[150 1000]", true},
		{"no clocks", func(b []byte) { b[91] = 0 }, "chip 0-150-180 W memory[300 2000]", true},
		{"records of Tonga", func(b []byte) {
			b[90] = 0
			binary.LittleEndian.PutUint32(b[92+engineRecordTonga+engineRecordClock:], 100000)
		}, whole, false},
		{"records of a later chip", func(b []byte) { b[90] = engineRevision + 1 }, "chip 0-150-180 W memory[300 2000]", false},
		{"limits at the very end", func(b []byte) { b[powerTune] = 190 }, "memory[300 2000] engine[150 1000]", false},
		{"limits of Fiji", func(b []byte) { b[130] = 3 }, whole, false},
		{"limits of another revision", func(b []byte) { b[130] = tuneRevision + 1 }, "memory[300 2000] engine[150 1000]", false},
		{"no limit", func(b []byte) { b[130+tuneLimit] = 0 }, "memory[300 2000] engine[150 1000]", false},
		{"a tolerance that is none", func(b []byte) { b[powerTolerance] = 200 }, "memory[300 2000] engine[150 1000]", false},
	} {
		rom := Parse(powerPlayROM(tc.edit))
		faulty := slices.ContainsFunc(rom.Faults, func(f inventory.ROMFault) bool { return strings.HasPrefix(f.Detail, "PowerPlayInfo: ") })
		if got := settings(rom); got != tc.want || faulty != tc.faulty {
			t.Errorf("%s: %s, want %s; faults %v", tc.name, got, tc.want, rom.Faults)
		}
	}
}

// vegaTable has two clocks of each kind.
func vegaTable(edit func(table []byte)) []byte {
	u16 := func(b []byte, at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }
	table := make([]byte, 200)
	u16(table, 0, len(table))
	table[2], table[3] = 8, 1
	u16(table, vegaTolerance, 50)
	u16(table, vegaMemory, 100)
	u16(table, vegaEngine, 120)
	u16(table, vegaTune, 160)
	table[101], table[120], table[121], table[160] = 2, 1, 2, 7
	for i, mhz := range []uint32{167, 800} {
		binary.LittleEndian.PutUint32(table[102+i*vegaMemoryRecord:], mhz*100)
		binary.LittleEndian.PutUint32(table[122+i*vegaEngineLong:], mhz*200)
	}
	u16(table, 160+vegaTuneLimit, 165)
	edit(table)
	return table
}

// naviTable is a table whose last part is for the power controller: the revision, where
// that part begins, and what layout says of both.
func naviTable(revision byte, part int, y controllerLayout, edit func(table []byte)) []byte {
	table := make([]byte, part+512)
	binary.LittleEndian.PutUint16(table, uint16(len(table)))
	table[2] = revision
	binary.LittleEndian.PutUint16(table[y.part:], uint16(part))
	if y.engine != 0 {
		binary.LittleEndian.PutUint32(table[y.engine:], 2898)
	}
	if y.memory != 0 {
		binary.LittleEndian.PutUint32(table[y.memory:], 1000)
	}
	if y.levels != 0 {
		for i, mhz := range []uint16{100, 500, 625, 875} {
			binary.LittleEndian.PutUint16(table[part+y.levels+2*i:], mhz)
		}
	}
	binary.LittleEndian.PutUint32(table[y.percent:], 20)
	binary.LittleEndian.PutUint16(table[part+y.limit:], 135)
	edit(table)
	return table
}

func navi1Table(edit func(table []byte)) []byte { return naviTable(12, 0x1e2, navi1Layout(), edit) }
func navi2Table(edit func(table []byte)) []byte { return naviTable(18, 0x322, navi2Layout(), edit) }
func navi3Table(edit func(table []byte)) []byte { return naviTable(15, 0x340, navi3Layout(), edit) }

func TestPowerPlayOfLaterChips(t *testing.T) {
	const vega = "chip 0-165-247 W memory[167 800] engine[334 1600]"
	const clocks, limit = "memory[1000] engine[2898]", "chip 0-135-162 W"
	y := navi2Layout()
	for _, tc := range []struct {
		name  string
		table []byte
		want  string
	}{
		{"Vega", vegaTable(func([]byte) {}), vega},
		{"Vega with the short records", vegaTable(func(b []byte) {
			b[120] = 0
			binary.LittleEndian.PutUint32(b[122+vegaEngineRecord:], 160000)
		}), vega},
		{"Vega cut within its head", vegaTable(func(b []byte) { b[0] = vegaHead - 1 }), ""},
		{"Vega with limits at the very end", vegaTable(func(b []byte) { b[vegaTune] = 198 }), "memory[167 800] engine[334 1600]"},
		{"Vega with clocks inside its head", vegaTable(func(b []byte) { b[vegaMemory] = 10 }), "chip 0-165-247 W engine[334 1600]"},
		{"Navi 2x", navi2Table(func([]byte) {}), limit + " " + clocks},
		{"Navi 2x cut within its head", navi2Table(func(b []byte) { binary.LittleEndian.PutUint16(b, uint16(y.head-1)) }), ""},
		{"Navi 2x without the controller's part", navi2Table(func(b []byte) { b[y.part], b[y.part+1] = 0x3f, 9 }), clocks},
		{"Navi 2x with the controller's part in its head", navi2Table(func(b []byte) { b[y.part+1] = 0 }), ""},
		{"Navi 2x with a tolerance that is none", navi2Table(func(b []byte) { b[y.percent+3] = 0xff }), clocks},
		{"Navi 2x with a clock that is none", navi2Table(func(b []byte) { b[y.engine+3] = 0xff }), limit + " memory[1000]"},
		{"Navi 1x", navi1Table(func([]byte) {}), limit + " memory[100 500 625 875] engine[2898]"},
		{"Navi 1x with levels that fall", navi1Table(func(b []byte) { b[0x1e2+navi1Layout().levels+1] = 9 }), limit + " engine[2898]"},
		{"Navi 1x cut within the levels", navi1Table(func(b []byte) { binary.LittleEndian.PutUint16(b, uint16(0x1e2+navi1Layout().levels+7)) }), limit + " engine[2898]"},
		{"Navi 1x of another layout", navi1Table(func(b []byte) { b[5]++ }), ""},
		{"Navi 3x", navi3Table(func([]byte) {}), limit},
		{"Navi 3x of another layout", navi3Table(func(b []byte) { b[6]++ }), ""},
	} {
		rom := Parse(powerROM(tc.table))
		if got := settings(rom); got != tc.want {
			t.Errorf("%s: %s, want %s; faults %v", tc.name, got, tc.want, rom.Faults)
		}
	}
}

// TestRateOfALine: it takes the kind of memory, and one kind only.
func TestRateOfALine(t *testing.T) {
	for _, tc := range []struct {
		kinds string
		mhz   int
		want  int
	}{
		{"GDDR5 GDDR5", 2000, 8000}, {"GDDR6", 1000, 16000}, {"HBM2", 945, 1890}, {"GDDR5 GDDR6", 2000, 0}, {"5b", 2000, 0}, {"", 2000, 0},
		{"GDDR5", 1 << 16, 0},
	} {
		l := legacy{p: newParser(nil)}
		for kind := range strings.FieldsSeq(tc.kinds) {
			l.p.rom.Memory = append(l.p.rom.Memory, inventory.ROMMemory{Type: kind})
		}
		l.p.rom.Clocks = []inventory.ROMClocks{{Of: clocksOfEngine, MHz: []int{1}}, {Of: clocksOfMemory, MHz: []int{300, tc.mhz}}}
		l.memoryRate()
		if got := l.p.rom.Clocks[1].LineMbps; l.p.rom.Clocks[0].LineMbps != nil || (got != nil) != (tc.want != 0) || got != nil && *got != tc.want {
			t.Errorf("%s at %d MHz: %v, want %d", tc.kinds, tc.mhz, got, tc.want)
		}
	}
}

// FuzzPowerPlay gives a table of each revision.
func FuzzPowerPlay(f *testing.F) {
	f.Add(powerPlayROM(func([]byte) {})[0x200:0x2c8])
	f.Add(vegaTable(func([]byte) {}))
	f.Add(navi1Table(func([]byte) {}))
	f.Add(navi2Table(func([]byte) {}))
	f.Add(navi3Table(func([]byte) {}))
	for _, b := range dumpsOrNone(f) {
		for _, table := range Parse(b).Tables {
			if table.Name == atomPower {
				f.Add(b[table.Offset : table.Offset+table.Bytes])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, revision := range []string{"7.1", "8.1", "12.0", "15.0", "18.0"} {
			l := legacy{p: newParser(b), b: b, bytes: len(b)}
			l.powerPlay(0, revision)
			if len(l.p.rom.Clocks) > 2 {
				t.Errorf("%d lists of clocks", len(l.p.rom.Clocks))
			}
			for _, c := range l.p.rom.Clocks {
				if c.Offset < 0 || c.Offset >= len(b) || len(c.MHz) > maxClocks {
					t.Errorf("%+v of %d bytes", c, len(b))
				}
			}
			if p := l.p.rom.Power; p != nil && (p.Default <= 0 || p.Max < p.Default || p.Offset >= len(b)) {
				t.Errorf("%+v of %d bytes", p, len(b))
			}
		}
	})
}
