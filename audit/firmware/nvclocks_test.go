package firmware

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMemoryClocksOfDumps: each NVIDIA dump with the table states the memory that the
// card is sold with, from Kepler to Blackwell; a ROM that the kernel gave of a card from
// Turing on lacks it, for it lies in the extended image.
func TestMemoryClocksOfDumps(t *testing.T) {
	for name, want := range map[string]string{
		"nv-gk107-zotac-modded.rom":          "memory[324 810 3000] 6000 Mbit/s", // 5000 as sold: the dump is of a changed ROM
		"nv-gk208-gt710-msi.rom":             "memory[405 800] 1600 Mbit/s",
		"nv-gm107-m2000m-fix.rom":            "memory[405 800 2505] 5010 Mbit/s",
		"nv-gm204-m5000m-imac-modded.rom":    "card 0-100-100 W memory[324 810 1600 2505] 5010 Mbit/s",
		"nv-gp106-gtx1060-msi-full.rom":      "card 100-200-216 W memory[405 810 3802 4004] 8008 Mbit/s",
		"nv-gp106-gtx1060-msi-trimmed.rom":   "card 100-200-216 W memory[405 810 3802 4004] 8008 Mbit/s",
		"nv-ga104m-3080-razer-full.rom":      "memory[405 810 5501 6001] 12002 Mbit/s",
		"nv-ad106-4060ti-asus-trimmed.rom":   "card 100-165-182 W memory[405 810 5001 8751 9001] 18002 Mbit/s",
		"nv-gb206-5060ti-asus-full.rom":      "memory[405 810 7001 13801 14001] 28002 Mbit/s",
		"nv-tu116-gtx1660-inno3d.rom":        "",
		"nv-ga104-3060ti-runtime-badsum.rom": "",
	} {
		if got := settings(Parse(dumps(t)[name])); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestMemoryClocksOfMoreDumps reads any folder of dumps, and says how many state a clock.
func TestMemoryClocksOfMoreDumps(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(os.Getenv("GPUAUDIT_ROMS"), "*"))
	if os.Getenv("GPUAUDIT_ROMS") == "" || err != nil {
		t.Skip("GPUAUDIT_ROMS names no folder of ROM dumps")
	}
	tables, read := 0, 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		rom := Parse(b)
		for _, table := range rom.Tables {
			if table.Name == perfTable || table.Name == atomPower {
				tables++
				if s := settings(rom); strings.Contains(s, "Mbit/s") {
					read++
				} else {
					t.Logf("%s: %s %s: %q", filepath.Base(name), table.Name, table.Revision, s)
				}
			}
		}
	}
	t.Logf("%d tables, of which %d state the rate of the memory", tables, read)
}

// perfTableOf is a table of a version with two levels in use and one that is not.
func perfTableOf(version byte) []byte {
	h := []byte{version, 8, 3, 4, 5, 3, 0, 0} // entries of 3 bytes and 5 parts of 4
	part, parts, which := 4, 5, perfMemoryV4
	if version >= perfV5 {
		h[3], h[4], h[5] = 3, 6, 4
		part, parts, which = 6, 4, perfMemoryV5
	}
	for i, mhz := range []uint16{405, 4004, 9999} {
		entry := make([]byte, 3+part*parts)
		entry[0] = []byte{7, 0x0f, perfUnused}[i]
		if version < perfV7 {
			mhz |= 0x4000 // a flag
		}
		binary.LittleEndian.PutUint16(entry[3+which*part:], mhz)
		h = append(h, entry...)
	}
	return h
}

func TestMemoryClocks(t *testing.T) {
	for _, tc := range []struct {
		name string
		edit func(b []byte)
		v    byte
		want string
	}{
		{"Kepler and Maxwell", nil, 0x40, "memory[405 4004] 8008 Mbit/s"},
		{"Pascal", nil, 0x50, "memory[405 4004] 8008 Mbit/s"},
		{"Turing to Ada", nil, 0x60, "memory[405 4004] 8008 Mbit/s"},
		{"Blackwell", nil, 0x70, "memory[405 4004] 8008 Mbit/s"},
		{"older than is known", nil, 0x30, ""},
		{"newer than is known", nil, 0x80, ""},
		{"fewer clocks than it takes", func(b []byte) { b[5] = 2 }, 0x60, ""},
		{"clocks of a byte", func(b []byte) { b[4] = 1 }, 0x60, ""},
		{"longer than its image", func(b []byte) { b[3] = 0xff }, 0x60, ""},
	} {
		table := perfTableOf(tc.v)
		if tc.edit != nil {
			tc.edit(table)
		}
		rom := falconROM()
		copy(rom[0x3c0:0x400], table[:8])
		copy(rom[0x600:], table)
		binary.LittleEndian.PutUint32(rom[0x420:], 0x600)
		if got := settings(Parse(fix(rom))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
