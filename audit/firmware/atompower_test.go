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
		{"records of Tonga", func(b []byte) { b[90] = 0 }, "chip 0-150-180 W memory[300 2000]", false},
		{"limits at the very end", func(b []byte) { b[powerTune] = 190 }, "memory[300 2000] engine[150 1000]", false},
		{"limits of another revision", func(b []byte) { b[130] = 3 }, "memory[300 2000] engine[150 1000]", false},
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

func naviTable(edit func(table []byte)) []byte {
	table := make([]byte, 0x340)
	binary.LittleEndian.PutUint16(table, uint16(len(table)))
	table[2] = 18
	binary.LittleEndian.PutUint16(table[naviPart:], 0x322)
	binary.LittleEndian.PutUint32(table[naviClocks:], 2898)
	binary.LittleEndian.PutUint32(table[naviClocks+4*naviMemoryNo:], 1000)
	binary.LittleEndian.PutUint32(table[naviPercent:], 20)
	binary.LittleEndian.PutUint16(table[0x322+naviLimit:], 135)
	edit(table)
	return table
}

func TestPowerPlayOfLaterChips(t *testing.T) {
	const vega, navi = "chip 0-165-247 W memory[167 800] engine[334 1600]", "chip 0-135-162 W memory[1000] engine[2898]"
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
		{"Navi", naviTable(func([]byte) {}), navi},
		{"Navi cut within its head", naviTable(func(b []byte) { binary.LittleEndian.PutUint16(b, naviHead-1) }), ""},
		{"Navi without the controller's part", naviTable(func(b []byte) { b[naviPart], b[naviPart+1] = 0x3f, 3 }), "memory[1000] engine[2898]"},
		{"Navi with the controller's part in its head", naviTable(func(b []byte) { b[naviPart+1] = 0 }), "memory[1000] engine[2898]"},
		{"Navi with a tolerance that is none", naviTable(func(b []byte) { b[naviPercent+3] = 0xff }), "memory[1000] engine[2898]"},
		{"Navi with a clock that is none", naviTable(func(b []byte) { b[naviClocks+3] = 0xff }), "chip 0-135-162 W memory[1000]"},
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
	f.Add(naviTable(func([]byte) {}))
	for _, b := range dumpsOrNone(f) {
		for _, table := range Parse(b).Tables {
			if table.Name == atomPower {
				f.Add(b[table.Offset : table.Offset+table.Bytes])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, revision := range []string{"7.1", "8.1", "18.0"} {
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
