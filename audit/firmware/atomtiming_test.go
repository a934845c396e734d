package firmware

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// timingTable is a VRAM_Info table of a revision with sets of eight bytes: chip, clock
// in MHz, and the value of all registers.
func timingTable(minor byte, sets [][3]int) []byte {
	b := make([]byte, 0x20, 0x400)
	b[2], b[3] = 2, minor
	binary.LittleEndian.PutUint16(b[timingPointer:], uint16(len(b)))
	b = binary.LittleEndian.AppendUint16(b, 6) // of the list of registers
	b = binary.LittleEndian.AppendUint16(b, 8)
	b = append(b, 1, 2, 3, 4, 5, 6)
	for _, s := range sets {
		b = binary.LittleEndian.AppendUint32(b, uint32(s[0]<<24|s[1]*clockUnitsOfMHz))
		b = binary.LittleEndian.AppendUint32(b, uint32(s[2]))
	}
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = append(b, make([]byte, 8)...)
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	return b
}

func timingsOf(table []byte, revision string) []inventory.ROMTiming {
	b := append(make([]byte, 0x40), table...)
	p := newParser(b)
	l := legacy{p: p, b: b}
	l.timings(0x40, revision)
	return p.rom.Timings
}

func TestTimings(t *testing.T) {
	sets := [][3]int{{1, 1000, 7}, {1, 1500, 8}, {1, 1750, 8}, {2, 2000, 8}, {2, 2250, 9}}
	got := timingsOf(timingTable(2, sets), "2.2")
	var same []int
	for i, s := range got {
		if s.Module != sets[i][0] || s.MHz != sets[i][1] {
			t.Errorf("set %d: %+v", i, s)
		}
		same = append(same, s.SameAsMHz)
	}
	// The first set of another chip repeats nothing.
	if !slices.Equal(same, []int{0, 0, 1500, 0, 0}) {
		t.Errorf("repeated: %v", same)
	}
	if got := timingsOf(timingTable(3, sets), "2.3"); got != nil {
		t.Errorf("another revision: %v", got)
	}
	full := timingTable(2, sets)
	for n := range full {
		cut := slices.Clone(full[:n])
		if n > 2 {
			timingsOf(cut, "2.2") // it says that it is longer, or ends anywhere
			binary.LittleEndian.PutUint16(cut, uint16(n))
			timingsOf(cut, "2.2")
		}
	}
}

// TestRealTimings: of two dumps of one board, the mining edit repeats sets.
func TestRealTimings(t *testing.T) {
	files := dumps(t)
	repeated := func(name string) (sets, n int) {
		for _, s := range Parse(files[name]).Timings {
			if sets++; s.SameAsMHz != 0 {
				n++
			}
		}
		return sets, n
	}
	for name, want := range map[string][2]int{"amd-polaris-rx580-sapphire-stock.rom": {24, 0}, "amd-polaris-rx580-sapphire-modded.rom": {24, 5}} {
		if sets, n := repeated(name); sets != want[0] || n != want[1] {
			t.Errorf("%s: %d of %d sets repeat another", name, n, sets)
		}
	}
}

// TestRealPower: limits of dumps, in watts, as the boards are sold.
func TestRealPower(t *testing.T) {
	files := dumps(t)
	for name, want := range map[string][3]int{
		"nv-ad106-4060ti-asus-trimmed.rom": {100, 165, 182}, "nv-gp106-gtx1060-msi-full.rom": {100, 200, 216},
		"nv-gb206-5060ti-asus-full.rom": {}, "nv-gk208-gt710-msi.rom": {}, // a form that is not known, and a card without
	} {
		p := Parse(files[name]).Power
		if p == nil {
			p = new(inventory.ROMPower)
		}
		if got := [3]int{p.Min / 1000, p.Default / 1000, p.Max / 1000}; got != want {
			t.Errorf("%s: %v W", name, got)
		}
	}
}

// FuzzTables reads the vendors' tables of damaged legacy images.
func FuzzTables(f *testing.F) {
	rom := image(codeLegacy, vendorAMD, 0x67df, 4, true)
	copy(rom[0x100:], timingTable(2, [][3]int{{1, 1000, 7}, {1, 1500, 7}}))
	f.Add(rom)
	f.Add(powerPlayROM(func([]byte) {}))
	for _, b := range dumpsOrNone(f) {
		f.Add(b[:min(len(b), 160<<10)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser(b)
		p.structure()
		p.vendorTables()
		l := legacy{p: p, b: b}
		l.timings(0x100, timingRevision)
		if len(p.rom.Timings) > 2*maxTimings {
			t.Errorf("%d timings", len(p.rom.Timings))
		}
		for _, c := range p.rom.Clocks {
			if len(c.MHz) > maxClocks {
				t.Errorf("%d clocks", len(c.MHz))
			}
		}
	})
}
