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
	}
	return strings.Join(parts, " ")
}

// TestPowerPlayOfDumps: a stock RX 580 has the 2000 MHz of memory that it is sold with;
// those that were changed for mining have more, and another limit.
func TestPowerPlayOfDumps(t *testing.T) {
	files := dumps(t)
	for name, want := range map[string]string{
		"amd-polaris-rx580-sapphire-stock.rom":  "chip 0-155-201 W memory[300 1000 2000] engine[300 600 900 1145 1215 1257 1300 1366]",
		"amd-polaris-rx580-sapphire-modded.rom": "chip 0-115-149 W memory[300 1000 2225] engine[300 600 900 1140 1150 1160 1170 1185]",
		"amd-vega10-vega56-msi.rom":             "",
	} {
		if got := settings(Parse(files[name])); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
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
	rom := image(codeLegacy, vendorAMD, 0x67df, 4, true)
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

func TestPowerPlay(t *testing.T) {
	const whole = "chip 0-150-180 W memory[300 2000] engine[150 1000]"
	for _, tc := range []struct {
		name   string
		edit   func(table []byte)
		want   string
		faulty bool
	}{
		{"whole", func([]byte) {}, whole, false},
		{"another revision", func(b []byte) { b[2] = 8 }, "", false},
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
