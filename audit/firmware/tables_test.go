package firmware

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// describe puts what the newer tables say on one line.
func describe(rom *inventory.ROM) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	for _, i := range rom.IFR {
		add("ifr%d@%#x>%s", i.Version, i.Offset, number0(i.Images))
	}
	for _, m := range rom.Memory {
		if m.MiB != nil {
			add("%s/%s/%d/%d/%s", m.Type, inventory.Text(m.Vendor), *m.MiB, *m.BusBits, inventory.Text(m.Part))
		} else if m.Strap != nil {
			add("%d:%s/%s", *m.Strap, m.Type, inventory.Text(m.Vendor))
		} else {
			add("%s/%s/%d/%s", m.Type, inventory.Text(m.Vendor), *m.BusBits, inventory.Text(m.Part))
		}
	}
	for _, m := range rom.Microcode {
		add("%s>%s/v%d+%s*%s", m.Application, m.Target, m.Descriptor, number0(m.Bytes), number0(m.Signatures))
	}
	for _, e := range rom.PSP {
		if e.Signed != nil {
			add("psp%s/%t/%t", e.Type, *e.Signed, *e.Encrypted)
		}
	}
	return strings.Join(parts, " ")
}

func number0(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf("%#x", *n)
}

// TestTablesOfDumps: what the tables of real ROMs say agrees with what is known
// of the cards, and with itself: AMD's codes of makers with the chips' part
// numbers, NVIDIA's signature counts with the descriptors' sizes.
func TestTablesOfDumps(t *testing.T) {
	files := dumps(t)
	for name, want := range map[string]string{
		"amd-polaris-rx580-sapphire-stock.rom": "GDDR5//8192/256/ GDDR5/Samsung/8192/256/K4G80325FB GDDR5/Hynix/8192/256/H5GQ8H24MJR",
		"amd-vega10-vega56-msi.rom": "HBM2//8192/2048/ HBM2/Samsung/8192/2048/KHA843801B HBM2/Hynix/8192/2048/H5VR32ESM4H_REV1_PROD " +
			"psp01/true/true psp12/true/false psp14/true/true",
		"amd-navi23-rx6600xt-sapphire.rom": "GDDR6//8192/128/ GDDR6/Samsung/8192/128/K4ZAF325BM GDDR6/Hynix/8192/128/H56CBM24MIR",
		"amd-phoenix-7840hs-apu.bin":       "DDR5//128/",
		"intel-rpl-igd-2in1.rom":           "",
		"nv-gm107-m2000m-fix.rom": "ifr1@0x0>0x600 0:GDDR5/Samsung 1:GDDR5/Hynix 2:GDDR5/Hynix 3:GDDR5/Samsung 4:GDDR5/Elpida 5:GDDR5/Elpida 6:GDDR5/Hynix " +
			"01>01/v1+0x1b1c*- 02>01/v1+0x1254*- 03>01/v1+0x4ac*-",
		"nv-ad106-4060ti-asus-trimmed.rom": "ifr3@0xd6c00>0xe0000 ifr3@0xd8c00>0xe0000 " +
			"0:GDDR6/Samsung 1:GDDR6/Micron 2:GDDR6/Hynix 3:GDDR6/Samsung 4:GDDR6/Micron 5:GDDR6/Hynix 8:GDDR6/Hynix 9:GDDR6/Micron 10:GDDR6/Samsung " +
			"01>01/v1+0xa3ec*- 07>06/v1+0xfc6c*- 08>01/v1+0x187d8*- 45>07/v3+0x10480*0x2 85>07/v3+0x10480*0x2 49>05/v3+0x6528*0x2 89>05/v3+0x6528*0x2",
		"nv-gb206-5060ti-asus-full.rom": "0:GDDR7/Samsung 1:GDDR7/Hynix 2:GDDR7/Samsung 3:GDDR7/Samsung 5:GDDR7/Hynix 7:GDDR7/Samsung 8:GDDR7/Hynix " +
			"07>06/v6+-*- 18>01/v6+-*- 19>01/v6+-*- 15>01/v6+-*- 23>0e/v6+-*- 24>0f/v6+-*-",
		"nv-tu116-gtx1660-inno3d.rom": "0:GDDR5/Samsung 1:GDDR5/Micron 2:GDDR5/Hynix 3:GDDR5/Hynix 4:GDDR5/Samsung",
	} {
		if got := describe(Parse(files[name])); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// TestInitBlocksLeadToTheChain: in every dump with such a block in front, the
// images begin where it says.
func TestInitBlocksLeadToTheChain(t *testing.T) {
	n := 0
	for name, b := range dumps(t) {
		rom := Parse(b)
		if rom.Wrapper == nil {
			continue
		}
		n++
		if len(rom.IFR) == 0 || rom.IFR[0].Images == nil || *rom.IFR[0].Images != rom.LeadBytes {
			t.Errorf("%s: the images begin at %#x, the blocks are %+v", name, rom.LeadBytes, rom.IFR)
		}
	}
	if n < 5 {
		t.Errorf("only %d dumps have such a block", n)
	}
}

// TestMemoryClocksAreFound: long pointers lead to the tables that they should in
// all dumps that have the extended image.
func TestMemoryClocksAreFound(t *testing.T) {
	without := map[string]bool{"nv-tu116-gtx1660-inno3d.rom": true, "nv-ga104-3060ti-runtime-badsum.rom": true}
	for name, b := range dumps(t) {
		if !strings.HasPrefix(name, "nv-") {
			continue
		}
		n := 0
		for _, table := range Parse(b).Tables {
			if strings.HasPrefix(table.Name, "bit.P.") && table.Name != powerTable && table.SHA256 != "" {
				n++
			}
		}
		if want := 3; (n == want) == without[name] {
			t.Errorf("%s: %d tables of clocks and timings", name, n)
		}
	}
}

// initBlock builds a block of a version in front of an image.
func initROM(version byte) []byte {
	lead := make([]byte, 0x4000)
	copy(lead, ifrMark)
	lead[5], lead[6], lead[8] = version, 0x10, 0x40
	u32 := func(at, v int) { binary.LittleEndian.PutUint32(lead[at:], uint32(v)) }
	if version < 3 {
		u32(0x10+ifrImagesAt, len(lead))
	} else {
		u32(0x40, 0x2000)
		copy(lead[0x3000:], ifrDirectory)
		u32(0x3000+ifrDirImages, len(lead))
		copy(lead[0x1000:], lead[:0x44]) // the backup, whose status lies nearer
		u32(0x1040, 0x1000)
	}
	return append(lead, image(codeLegacy, vendorNVIDIA, 0x2684, 4, true)...)
}

func TestInitBlocks(t *testing.T) {
	for version, want := range map[byte]string{
		1: "ifr1@0x0>0x4000", 2: "ifr2@0x0>0x4000", 3: "ifr3@0x0>0x4000 ifr3@0x1000>0x4000", 4: "",
	} {
		rom := Parse(initROM(version))
		if version == 4 {
			want = "ifr4@0x0>- ifr4@0x1000>-"
		}
		if got := describe(rom); got != want || len(rom.Faults) != 0 {
			t.Errorf("version %d: %s, want %s; faults %v", version, got, want, rom.Faults)
		}
	}
	odd := Parse(append([]byte{0xff}, initROM(1)...))
	if got, want := describe(odd), "ifr1@0x1>0x4001"; got != want {
		t.Errorf("with a byte in front: %s, want %s", got, want)
	}
}

// falconROM is a legacy image with the tokens M, P and p, and what they point at.
func falconROM() []byte {
	b := bitROM()
	const memory, perf, pointers, table, v1, v3 = 0x380, 0x3c0, 0x400, 0x440, 0x480, 0x4c0
	u16 := func(at, v int) { binary.LittleEndian.PutUint16(b[at:], uint16(v)) }
	u32 := func(at, v int) { binary.LittleEndian.PutUint32(b[at:], uint32(v)) }
	b[0x10a] = 5
	b[0x10b] = 0
	b[0x10b] = -byte(sum8(b[0x100:0x10c]))
	copy(b[0x118:], []byte{'M', 2, 5, 0, 0x10, 4, 'P', 2, 4, 0, 0x20, 4, 'p', 2, 4, 0, 0x30, 4})
	u16(pointers+0x10+memoryTableAt, memory)
	u32(pointers+0x20, perf)
	u32(pointers+0x30, table)
	copy(b[memory:], []byte{0x10, 4, 2, 3, 0x03, 0x10, 0x19, 0x60, 0x2f, 0x00})
	copy(b[perf:], []byte{0x60, 6, 2, 1, 2, 3})
	copy(b[table:], []byte{1, 6, 6, 2, 0, 0, 1, 1, v1 & 0xff, v1 >> 8, 0, 0, 0x85, 7, v3 & 0xff, v3 >> 8})
	u32(v1, 0x20)
	u32(v3, 1|3<<8|(falconV3+falconSignature)<<16)
	u32(v3+falconStored, 0x30)
	copy(b[v3+falconEngines:], []byte{0, 4, 9, 1, 1})
	return fix(b)
}

func TestFalconTables(t *testing.T) {
	rom := Parse(falconROM())
	if want := "0:GDDR5/Samsung 1:GDDR6/Hynix 01>01/v1+0x20*- 85>07/v3+0x30*0x1"; describe(rom) != want || len(rom.Faults) != 0 {
		t.Errorf("got %s, want %s; faults %v", describe(rom), want, rom.Faults)
	}
	names := ""
	for _, table := range rom.Tables[len(rom.Tables)-5:] {
		names += fmt.Sprintf("%s/%s+%d ", table.Name, table.Revision, table.Bytes)
	}
	if want := "bit.M/2+5 bit.M.type/1.0+10 bit.P/2+4 bit.P.perf/6.0+14 bit.p/2+4 "; names != want {
		t.Errorf("tables %s, want %s", names, want)
	}
	for name, rom := range map[string][]byte{
		"no table":         with(falconROM(), 0x440, 9),
		"wrong signatures": with(falconROM(), 0x4c0+falconCount, 3),
		"memory too long":  with(falconROM(), 0x382, 0xff, 0xff),
	} {
		if faults := Parse(fix(rom)).Faults; len(faults) != 1 || faults[0].Kind != faultVendorStructure {
			t.Errorf("%s: faults %v", name, faults)
		}
	}
}

// vramROM puts a VRAM_Info of a revision with one module into an ATOM image.
func vramROM(minor byte) []byte {
	b := atomROM("113-1")
	const at = 0x500
	binary.LittleEndian.PutUint16(b[0x2a0:], 4+2*29)
	binary.LittleEndian.PutUint16(b[0x2a4+2*28:], at)
	layout, known := vramLayouts()[fmt.Sprintf("2.%d", minor)]
	if !known {
		layout = vramLayouts()["2.5"]
	}
	size := layout.part + 12
	table := b[at : at+layout.modules+size]
	copy(table, []byte{byte(len(table)), 0, 2, minor})
	table[layout.count] = 1
	m := table[layout.modules:]
	binary.LittleEndian.PutUint16(m[layout.mib:], 8192)
	m[layout.size], m[layout.kind], m[layout.channels], m[layout.width], m[layout.vendor] = byte(size), 0x50, 3, 5, 0x16
	copy(m[layout.part:], "H5GQ8H24MJR")
	return fix(b)
}

func TestVRAM(t *testing.T) {
	for minor, want := range map[byte]string{
		2: "GDDR5/Hynix/8192/256/H5GQ8H24MJR", 3: "GDDR5/Hynix/8192/96/H5GQ8H24MJR", 4: "GDDR5/Hynix/8192/96/H5GQ8H24MJR", 6: "GDDR5/Hynix/8192/96/H5GQ8H24MJR", 5: "GDDR5/Hynix/8192/96/H5GQ8H24MJR", 9: "",
	} {
		rom := Parse(vramROM(minor))
		if describe(rom) != want || len(rom.Faults) != 0 {
			t.Errorf("2.%d: %s, want %s; faults %v", minor, describe(rom), want, rom.Faults)
		}
	}
	for name, rom := range map[string][]byte{
		"two modules":  with(vramROM(5), 0x500+0x14, 2),
		"module of 3":  with(vramROM(5), 0x518+0x0a, 3, 0),
		"module of 3k": with(vramROM(5), 0x518+0x0a, 0, 12),
	} {
		if faults := Parse(fix(rom)).Faults; len(faults) != 1 || faults[0].Kind != faultVendorStructure {
			t.Errorf("%s: faults %v", name, faults)
		}
	}
}

// atomTable is an image with a data table of a number.
func atomTable(number int, table []byte) []byte {
	b := atomROM("113-1")
	const at = 0x500
	binary.LittleEndian.PutUint16(b[0x2a0:], uint16(4+2*(number+1)))
	binary.LittleEndian.PutUint16(b[0x2a4+2*number:], at)
	copy(b[at:], table)
	return fix(b)
}

// vram3Table has two modules of GDDR6 on 12 channels of 16 bits.
func vram3Table() []byte {
	b := make([]byte, vram3Modules+2*vram3Module)
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	b[2], b[vram3Count], b[vram3Kind], b[vram3Channels], b[vram3Width] = 3, 2, 0x70, 12, 4
	for i, vendor := range []byte{1, 6} {
		m := b[vram3Modules+i*vram3Module:]
		m[vram3Vendor] = vendor
		copy(m[vram3Part:], "K4ZAF325BC")
	}
	return b
}

func TestVRAM3(t *testing.T) {
	for _, tc := range []struct {
		name   string
		edit   func(b []byte)
		want   string
		faults int
	}{
		{"whole", func([]byte) {}, "GDDR6/Samsung/192/K4ZAF325BC GDDR6/Hynix/192/K4ZAF325BC", 0},
		{"three modules", func(b []byte) { b[vram3Count] = 3 }, "", 1},
		{"none", func(b []byte) { b[vram3Count] = 0 }, "", 0},
		{"shorter than its head", func(b []byte) { b[0] = vram3Modules - 1 }, "", 0},
	} {
		table := vram3Table()
		tc.edit(table)
		rom := Parse(atomTable(28, table))
		if describe(rom) != tc.want || len(rom.Faults) != tc.faults {
			t.Errorf("%s: %s, want %s; faults %v", tc.name, describe(rom), tc.want, rom.Faults)
		}
	}
}

func TestSystemMemory(t *testing.T) {
	for _, tc := range []struct {
		name                            string
		major, minor, kind, count, size byte
		want                            string
	}{
		{"DDR5 on two channels", 2, 2, 0x22, 2, 64, "DDR5//128/"},
		{"LPDDR5 on eight", 2, 3, 0x23, 8, 64, "LPDDR5//256/"},
		{"DDR4 on two, Renoir", 1, 12, 0x1a, 2, 64, "DDR4//128/"},
		{"too short for Renoir", 1, 12, 0x1a, 2, renoirKind + 1, ""},
		{"a kind that is not known", 2, 2, 0xff, 2, 64, ""},
		{"no channel", 2, 2, 0x22, 0, 64, ""},
		{"too many", 2, 2, 0x22, 33, 64, ""},
		{"another revision", 2, 9, 0x22, 2, 64, ""},
		{"too short", 2, 2, 0x22, 2, systemKind + 1, ""},
	} {
		table := make([]byte, 64)
		at := systemKind
		if tc.major == 1 {
			at = renoirKind
		}
		table[0], table[2], table[3], table[at], table[at+1] = tc.size, tc.major, tc.minor, tc.kind, tc.count
		if got := describe(Parse(atomTable(30, table))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestPSPBlob(t *testing.T) {
	b := atomROM("113-1")
	const blob = 0x400
	copy(b[0x350:], []byte{0x12, 0, 0, 0, 0x80, 0, 0, 0, blob & 0xff, blob >> 8})
	copy(b[blob+pspBlobMark:], "$PS1")
	b[blob+pspSigned] = 1
	rom := Parse(fix(b))
	if describe(rom) != "psp12/true/false" || !rom.PSP[0].Read || len(*rom.PSP[0].Key) != 32 {
		t.Errorf("%s: %+v", describe(rom), rom.PSP)
	}
	if rom := Parse(fix(with(b, 0x34a, 0xff))); len(rom.Faults) != 1 {
		t.Errorf("a directory that does not fit: faults %v", rom.Faults)
	}
}

func FuzzInitBlocks(f *testing.F) {
	for version := range byte(5) {
		f.Add(initROM(version)[:0x4000])
	}
	for _, b := range dumpsOrNone(f) {
		if hasMark(b, 0, ifrMark) {
			f.Add(b[:min(len(b), 0x6000)])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser(b)
		p.region("lead", 0, len(b))
		p.initBlocks()
		for _, i := range p.rom.IFR {
			if i.Images != nil && *i.Images >= len(b) || i.Directory != nil && *i.Directory >= len(b) {
				t.Errorf("%+v of %d bytes", i, len(b))
			}
		}
	})
}

// FuzzFalcon gives the tables of tokens M, P and p with the pointers to them in
// front: half of the input is the legacy image, half the extended one.
func FuzzFalcon(f *testing.F) {
	f.Add(append(binary.LittleEndian.AppendUint32(nil, 0x43c), falconROM()[4:]...))
	for _, b := range dumpsOrNone(f) {
		rom := Parse(b)
		for _, m := range rom.Microcode {
			pointer := []byte{16, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 1, 6, 6, 1, 0, 0, 0x85, 7, 32, 0, 0, 0, 0, 0, 0, 0}
			f.Add(append(pointer, b[m.Offset:min(len(b), m.Offset+falconV3)]...))
		}
		for _, table := range rom.Tables {
			if strings.HasPrefix(table.Name, "bit.P.") || table.Name == "bit.M.type" {
				pointer := []byte{12, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0, 0}
				f.Add(append(pointer, b[table.Offset:table.Offset+min(table.Bytes, 2048)]...))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser(b)
		half := len(b) / 2
		for _, l := range []legacy{{p: p, b: b, bytes: len(b)}, {p: p, b: b[:half], bytes: half, extended: half}} {
			l.tokenMemory(0)
			l.tokenPerformance(0, 12)
			l.tokenFalcon(0)
		}
		for _, table := range p.rom.Tables {
			if table.Offset < 0 || table.Bytes <= 0 || table.Offset+table.Bytes > len(b) {
				t.Errorf("table %+v of %d bytes", table, len(b))
			}
		}
	})
}

func FuzzVRAM(f *testing.F) {
	revisions := []string{"2.2", "2.3", "2.5", "2.4", "2.6", vram3, "system"}
	for i, minor := range []byte{2, 3, 5, 4, 6} {
		f.Add(byte(i), vramROM(minor)[0x500:0x580])
	}
	f.Add(byte(5), vram3Table())
	for _, b := range dumpsOrNone(f) {
		for _, table := range Parse(b).Tables {
			if table.Name == atomVRAM || table.Name == atomSystem {
				for i := range revisions {
					f.Add(byte(i), b[table.Offset:table.Offset+table.Bytes])
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, i byte, b []byte) {
		l := legacy{p: newParser(b), b: b, bytes: len(b)}
		if revision := revisions[int(i)%len(revisions)]; revision == "system" {
			l.systemMemory(0, "1.12")
			l.systemMemory(0, "2.2")
		} else {
			l.vram(0, revision)
		}
		for _, m := range l.p.rom.Memory {
			if m.Offset >= len(b) || strings.ContainsFunc(inventory.Text(m.Part), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%+v of %d bytes", m, len(b))
			}
		}
		if len(l.p.rom.Memory) > maxModules {
			t.Errorf("%d modules", len(l.p.rom.Memory))
		}
	})
}

// pspROM has a directory that chooses between two, of which the first leads to a second
// level and to one of programs for the host.
func pspROM(edit func(b []byte)) []byte {
	b := atomROM("113-1")
	const choice, first, second, host, blob = 0x340, 0x400, 0x480, 0x500, 0x600
	u32 := func(at, v int) { binary.LittleEndian.PutUint32(b[at:], uint32(v)) }
	entry := func(at, kind, bytes, where int) { u32(at, kind); u32(at+4, bytes); u32(at+8, where) }
	clear(b[choice : choice+0x40])
	copy(b[choice:], "2PSP")
	u32(choice+8, 2)
	entry(choice+pspComboHeader, 0, 1, first)
	entry(choice+pspComboHeader+pspEntry, 0, 2, 0x7fffffff)
	copy(b[first:], "$PSP")
	u32(first+8, 3)
	entry(first+pspHeader, 0x12, 0x80, blob)
	entry(first+pspHeader+pspEntry, 0x40, 0x80, second)
	entry(first+pspHeader+2*pspEntry, 0x49, 0x80, host)
	copy(b[second:], "$PL2")
	u32(second+8, 2)
	entry(second+pspHeader, 0x24, 0x40, blob)
	entry(second+pspHeader+pspEntry, 0x40, 0x80, first) // back to where it came from
	copy(b[host:], "$BHD")
	u32(host+8, 1)
	entry(host+pspHeader, 0x62, 0x20, blob)
	copy(b[blob:], bytes.Repeat([]byte{0x5a}, 0x80))
	edit(b)
	return fix(b)
}

func TestPSPDirectories(t *testing.T) {
	const all = "$PSP/12 $PSP/40 $PSP/49 $PL2/24 $PL2/40 $BHD/62"
	for _, tc := range []struct {
		name   string
		edit   func(b []byte)
		want   string
		faults int
	}{
		{"all forms", func([]byte) {}, all, 0},
		{"a form that is not known", func(b []byte) { b[0x340] = 'x' }, "", 0},
		{"outside what was read", func(b []byte) { b[0x100+atomPSP+3] = 0x10 }, "", 0},
		{"second level of another form", func(b []byte) { b[0x480] = 'x' }, "$PSP/12 $PSP/40 $PSP/49 $BHD/62", 0},
		{"more than there is room for", func(b []byte) { b[0x500+8] = 0xff }, "", 1},
	} {
		rom := Parse(pspROM(tc.edit))
		seen := map[string]bool{}
		var got []string
		for _, e := range rom.PSP {
			if name := e.Directory + "/" + e.Type; !seen[name] {
				seen[name] = true
				got = append(got, name)
			}
		}
		slices.Sort(got)
		want := strings.Fields(tc.want)
		slices.Sort(want)
		if (tc.want != "" || tc.faults == 0) && !slices.Equal(got, want) || len(rom.Faults) != tc.faults {
			t.Errorf("%s: %v, want %v; faults %v", tc.name, got, want, rom.Faults)
		}
		if len(rom.PSP) > maxPSP {
			t.Errorf("%s: %d entries", tc.name, len(rom.PSP))
		}
	}
	many := make([]byte, 1<<20)
	for at := 0; at+64 < len(many); at += 64 {
		copy(many[at:], "2PSP")
		binary.LittleEndian.PutUint32(many[at+8:], 1)
		binary.LittleEndian.PutUint32(many[at+pspComboHeader+8:], uint32(at+64))
	}
	r := pspReader{l: &legacy{p: newParser(many), b: many}, forms: pspForms(), seen: map[int]bool{}}
	if r.directory(0, 0); len(r.seen) > maxPSPDepth+1 {
		t.Errorf("%d directories were followed", len(r.seen))
	}
}

// FuzzPSP gives an ATOM header of which only the PSP pointer counts, with the
// directory behind it.
func FuzzPSP(f *testing.F) {
	header := make([]byte, atomPSPHeader)
	header[0], header[atomPSP] = atomPSPHeader, atomPSPHeader
	f.Add(append(header, "$PSP\x00\x00\x00\x00\x01"...))
	f.Add(append(bytes.Clone(header), pspROM(func([]byte) {})[0x340:0x700]...))
	for _, b := range dumpsOrNone(f) {
		if at := bytes.Index(b, []byte("$PSP")); at > 0 {
			f.Add(append(bytes.Clone(header), b[at:min(len(b), at+2048)]...))
		}
		if at := bytes.Index(b, []byte("$PS1")); at > 0 {
			entry := []byte{0x12, 0, 0, 0, 0x80, 0, 0, 0, atomPSPHeader + 32, 0, 0, 0, 0, 0, 0, 0}
			f.Add(append(append(append(bytes.Clone(header), "$PSP\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"...), entry...), b[at-pspBlobMark:at+pspBlobBytes]...))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := legacy{p: newParser(b), b: b, bytes: len(b)}
		l.psp(0)
		if len(l.p.rom.PSP) > maxPSP {
			t.Errorf("%d entries", len(l.p.rom.PSP))
		}
	})
}

// TestProgramsHaveDigests: an entry of AMD's directory may be the first image, whose
// digest falls out of another. Of a directory that lists more than there is, not all
// entries have one.
func TestProgramsHaveDigests(t *testing.T) {
	rom := Parse(dumps(t)["amd-vega10-vega56-msi.rom"])
	names := map[string]string{}
	for _, table := range rom.Tables {
		if table.SHA256 == "" {
			t.Errorf("%s has no digest", table.Name)
		}
		names[table.Name] = table.SHA256
	}
	for i := range rom.Images {
		if rom.Images[i].SHA256 == "" {
			t.Errorf("image %d has no digest", i)
		}
	}
	for _, e := range rom.PSP {
		if e.Read && e.Bytes > 0 && names["psp."+e.Type] == "" {
			t.Errorf("entry %s is no table", e.Type)
		}
	}
	b := atomROM("113-1")
	binary.LittleEndian.PutUint32(b[0x340+8:], 9)
	for i := range 9 {
		copy(b[0x350+16*i:], []byte{0x12, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0})
	}
	n := 0
	for _, table := range Parse(fix(b)).Tables {
		if table.Name == "psp.12" {
			n++
		}
	}
	if n != len(b)/0x200 {
		t.Errorf("%d entries of %d bytes in a ROM of %d", n, 0x200, len(b))
	}
}
