package firmware

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// bitROM builds a legacy image of NVIDIA with a BIT of two tokens.
func bitROM() []byte {
	b := image(codeLegacy, vendorNVIDIA, 0x2684, 4, true)
	clear(b[0x40:])
	copy(b[legacyIDs:], []byte{0x62, 0x14, 0x81, 0x32})
	const at, info, strings, banner, version = 0x100, 0x200, 0x240, 0x300, 0x340
	copy(b[at:], bitMark+"\x00\x01\x0c\x06\x02\x00")
	b[at+11] = -byte(sum8(b[at : at+12]))
	copy(b[at+12:], []byte{'i', 2, 0x30, 0, info & 0xff, info >> 8})
	copy(b[at+18:], []byte{'S', 2, 6, 0, strings & 0xff, strings >> 8})
	copy(b[info:], []byte{0x00, 0x68, 0x06, 0x86, 0x26})
	copy(b[info+bitDateAt:], "12/14/17")
	copy(b[strings:], []byte{banner & 0xff, banner >> 8, 40, version & 0xff, version >> 8, 25})
	copy(b[banner:], "GP106 PG410\r\nBOARD-1\x00hidden")
	copy(b[version:], "Version 86.06.68.00.26 \r\n")
	return fix(b)
}

// atomROM builds a legacy image of AMD with an ATOM header and master tables.
func atomROM(part string) []byte {
	b := image(codeLegacy, vendorAMD, 0x73ff, 4, true)
	clear(b[0x40:])
	const header, strings, boot, config, commands, data, table, psp = 0x100, 0x180, 0x200, 0x240, 0x280, 0x2a0, 0x300, 0x340
	u16 := func(at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }
	u16(atomHeaderAt, header)
	copy(b[atomDateAt:], "06/04/21 04:41")
	u16(atomStringsAt, strings)
	copy(b[strings:], part+"\x00NAVI23\x00PCI_EXPRESS\x00GDDR6\x00")
	u16(header, atomPSPHeader)
	copy(b[header+4:], "ATOM")
	u16(header+atomConfigName, config)
	u16(header+atomBootMessage, boot)
	copy(b[header+atomSubsystem:], []byte{0xa2, 0x1d, 0x8e, 0x44})
	u16(header+atomCommands, commands)
	u16(header+atomData, data)
	u16(header+atomPSP, psp)
	copy(b[boot:], "\r\n113-BOARD.201   \r\n")
	copy(b[config:], "448X6S0U.S6L\x00")
	copy(b[config+0x18:], atomVersionMark+"AMD VER020.003.000.030.000000\x00")
	copy(b[commands:], []byte{8, 0, 1, 1, table & 0xff, table >> 8})
	copy(b[data:], []byte{14, 0, 1, 1})
	u16(data+4+2*4, table)
	copy(b[table:], []byte{0x10, 0, 3, 4})
	copy(b[psp:], "$PSP\x00\x00\x00\x00\x01")
	return fix(b)
}

func TestNVIDIAIdentity(t *testing.T) {
	rom := Parse(bitROM())
	if len(rom.Faults) != 0 {
		t.Fatalf("faults %v", rom.Faults)
	}
	for name, got := range map[string]string{
		"86.06.68.00.26":         inventory.Text(rom.Version),
		"GP106 PG410 BOARD-1":    inventory.Text(rom.Part),
		"2017-12-14":             inventory.Text(rom.BuildDate),
		"1462:3281":              inventory.Text(rom.SubsystemVendorID) + ":" + inventory.Text(rom.SubsystemDeviceID),
		"Version 86.06.68.00.26": textOf(rom, "version"),
	} {
		if got != name {
			t.Errorf("got %q, want %q", got, name)
		}
	}
	if len(rom.Tables) != 2 || rom.Tables[0].Name != "bit.i" || rom.Tables[0].Offset != 0x200 || rom.Tables[0].SHA256 == "" {
		t.Errorf("tables %+v", rom.Tables)
	}
}

// TestOldVersions: the version stands behind the maker's name of its time, and a
// board maker's number in the boot message where the part has none.
func TestOldVersions(t *testing.T) {
	rom := Parse(fix(bytes.Replace(atomROM(""), []byte("AMD VER020"), []byte("ATI VER012"), 1)))
	if inventory.Text(rom.Version) != "012.003.000.030.000000" || inventory.Text(rom.Part) != "113-BOARD" || inventory.Text(rom.ChipText) != "NAVI23" {
		t.Errorf("version %q, part %q, chip %q", inventory.Text(rom.Version), inventory.Text(rom.Part), inventory.Text(rom.ChipText))
	}
	other := Parse(fix(bytes.Replace(atomROM(""), []byte("113-BOARD.201"), []byte("E366 Polaris3"), 1)))
	if other.Part != nil {
		t.Errorf("the board's text was taken for a part: %q", *other.Part)
	}
	if other := Parse(fix(bytes.Replace(atomROM(""), []byte("AMD VER020"), []byte("XYZ VER020"), 1))); other.Version != nil {
		t.Errorf("version %q", *other.Version)
	}
}

// TestChipNames: the chip that a ROM's own text names is read, and a card's name
// is not taken for one.
func TestChipNames(t *testing.T) {
	if rom := Parse(atomROM("113-1")); inventory.Text(rom.ChipText) != "NAVI23" || rom.BannerChip != nil {
		t.Errorf("AMD: chip %q, banner chip %q", inventory.Text(rom.ChipText), inventory.Text(rom.BannerChip))
	}
	if rom := Parse(bitROM()); inventory.Text(rom.BannerChip) != "GP106" || rom.ChipText != nil {
		t.Errorf("NVIDIA: chip %q, banner chip %q", inventory.Text(rom.ChipText), inventory.Text(rom.BannerChip))
	}
	for banner, want := range map[string]string{
		"GK208 P2132 SKU 14 VGA BIOS MSINV809MH0.4E0": "GK208", "GK110B P2083 SKU 1": "GK110", "NV44 Board": "NV44", "NV4A": "NV4A", "G92 P393": "G92",
		"GT216 Board": "GT216", "MSI GP102-350": "GP102", "AD102 PG139 SKU 330": "AD102",
		"": "", "GT710 VB Ver 80.28": "", "GT240": "", "GTX1080 VB Ver": "", "G210 VB Ver": "", "GV-N306TEAGLE OC-8GD/F90/0CDE": "", "E4735 SKU 10 VGA BIOS": "",
		"NVIDIA GeForce GTX 1660 VGA BIOS": "", "GP1060": "", "GK208XY": "", "NVIDIA Quadro M5000M - iMac": "",
	} {
		if got := inventory.Text(bannerChip(banner)); got != want {
			t.Errorf("%q: %q, want %q", banner, got, want)
		}
	}
}

// TestNoBITNoBoard: bytes where later ROMs state the board state nothing in a
// ROM that has no BIT.
func TestNoBITNoBoard(t *testing.T) {
	b := bitROM()
	b[0x100] = 0
	if rom := Parse(fix(b)); rom.SubsystemVendorID != nil || rom.Version != nil || len(rom.Faults) != 0 {
		t.Errorf("subsystem %+v, version %v, faults %v", rom.Subsystems, rom.Version, rom.Faults)
	}
}

func TestAMDIdentity(t *testing.T) {
	for part, want := range map[string]string{"113-3E4480U-S6L": "113-3E4480U-S6L", "xxx-xxx-xxx": "113-BOARD"} {
		rom := Parse(atomROM(part))
		if len(rom.Faults) != 0 {
			t.Fatalf("faults %v", rom.Faults)
		}
		if inventory.Text(rom.Part) != want || textOf(rom, "part") != part || inventory.Text(rom.Version) != "020.003.000.030.000000" || inventory.Text(rom.BuildDate) != "2021-06-04" {
			t.Errorf("%s: part %q, version %q, date %q", part, inventory.Text(rom.Part), inventory.Text(rom.Version), inventory.Text(rom.BuildDate))
		}
		if inventory.Text(rom.SubsystemVendorID) != "1da2" || inventory.Text(rom.SubsystemDeviceID) != "448e" || textOf(rom, "config name") != "448X6S0U.S6L" {
			t.Errorf("%s: subsystem %+v, texts %+v", part, rom.Subsystems, rom.Texts)
		}
		names := ""
		for _, table := range rom.Tables {
			names += fmt.Sprintf("%s/%s@%#x+%d ", table.Name, table.Revision, table.Offset, table.Bytes)
		}
		if names != "atom.command[0]/3.4@0x300+16 atom.FirmwareInfo/3.4@0x300+16 psp.directory/1@0x340+32 " {
			t.Errorf("%s: tables %s", part, names)
		}
	}
}

func TestVendorFaults(t *testing.T) {
	bit, atom := bitROM(), atomROM("113-1")
	tests := []struct {
		name string
		rom  []byte
	}{
		{"BIT of too many entries", with(bit, 0x10a, 0xff)},
		{"BIT entries too small", with(bit, 0x109, 1)},
		{"BIT sum", with(bit, 0x10b, bit[0x10b]+1)},
		{"token i out of range", with(bit, 0x10c+4, 0xff, 0xff)},
		{"token i too short", with(bit, 0x10c+2, 4, 0)},
		{"no command table", with(atom, 0x100+atomCommands, 0, 0)},
		{"data table too long", with(atom, 0x2a0, 0xff, 0xff)},
		{"table outside", with(atom, 0x2a0+4, 0xff, 0xff)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range Parse(fix(tt.rom)).Faults {
				if f.Kind == faultVendorStructure {
					return
				}
			}
			t.Error("no fault")
		})
	}
}

// TestTextsAreClean: a ROM cannot write to the terminal of whoever reads it.
func TestTextsAreClean(t *testing.T) {
	if got := printable("\x1b[31mred\x1b[0m\r\n\xff\xfe ok "); got != "[31mred [0m ok" {
		t.Errorf("got %q", got)
	}
}

func TestDay(t *testing.T) {
	for in, want := range map[string]string{"02/25/22": "2022-02-25", "09/15/23,12:20:39": "2023-09-15", "13/45/22": "", "": "", "0/0/0": ""} {
		if got := inventory.Text(day(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func fuzzVendor(f *testing.F, vendor uint16, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, b := range dumpsOrNone(f) {
		for _, h := range Parse(b).Images {
			if h.CodeType == "00" && h.VendorID == hex16(vendor) {
				f.Add(b[h.Offset : h.Offset+h.Bytes])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser(b)
		p.headers = []header{{code: codeLegacy, vendor: vendor}}
		p.rom.Images = []inventory.ROMImage{{Bytes: len(b)}}
		p.vendorTables()
		for _, table := range p.rom.Tables {
			if table.Offset < 0 || table.Bytes <= 0 || table.Offset+table.Bytes > len(b) {
				t.Errorf("table %+v of %d bytes", table, len(b))
			}
		}
	})
}

func FuzzBIT(f *testing.F)  { fuzzVendor(f, vendorNVIDIA, bitROM()) }
func FuzzATOM(f *testing.F) { fuzzVendor(f, vendorAMD, atomROM("113-1"), atomROM("xxx-xxx-xxx")) }
