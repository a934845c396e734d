package firmware

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// ATOMBIOS as Linux reads it (drivers/gpu/drm/amd/amdgpu/atom.h,
// include/atombios.h): fixed places of the legacy image, and fields of the ROM
// header that the first of them points at.
const (
	atomHeaderAt  = 0x48
	atomDateAt    = 0x50
	atomStringsAt = 0x6e

	atomConfigName  = 0x0c
	atomBootMessage = 0x10
	atomSubsystem   = 0x18
	atomCommands    = 0x1e
	atomData        = 0x20
	atomPSP         = 0x24
	atomMinHeader   = 0x22
	atomPSPHeader   = 0x28 // header size from which on the PSP pointer is there

	atomVersionMark = "ATOMBIOSBK-" // then ATI or AMD, and VER
	atomVersionText = len("AMD VER")
	atomMaxTables   = 128
	atomVRAM        = "atom.VRAM_Info"
)

// atom reads the tables of an AMD ROM.
func (l *legacy) atom() {
	at := l.u16(atomHeaderAt)
	if at == 0 || at+atomMinHeader > len(l.b) || !hasMark(l.b, at+4, "ATOM") {
		return // a ROM from before ATOMBIOS, or no video BIOS
	}
	l.p.rom.BuildDate = day(l.text("build date", atomDateAt, 14))
	l.atomStrings(at)
	if i := bytes.Index(l.b, []byte(atomVersionMark)); i >= 0 {
		if i += len(atomVersionMark); hasMark(l.b, i, "AMD VER") || hasMark(l.b, i, "ATI VER") {
			l.p.rom.Version = inventory.Fact(l.text("version", i+atomVersionText, 32))
		}
	}
	l.text("config name", l.u16(at+atomConfigName), 64)
	l.p.subsystem("atom", l.base+at+atomSubsystem)
	l.atomTables("atom.command", l.u16(at+atomCommands), nil)
	l.atomTables("atom.data", l.u16(at+atomData), atomDataNames())
	l.memoryRate()
	l.psp(at)
}

// atomStrings reads the texts that name part, chip, bus, memory and board. A
// board maker may leave the placeholder xxx-xxx-xxx as the part number, or none;
// then the boot message names it, up to the revision of the file. Without a
// placeholder it may be of another kind: a part number begins with 113-.
func (l *legacy) atomStrings(header int) {
	at := l.u16(atomStringsAt)
	part, chip := "", ""
	for i, name := range [...]string{"part", "chip", "bus", "memory"} {
		if at <= 0 || at >= len(l.b) {
			break
		}
		text := l.text(name, at, maxText)
		switch i {
		case 0:
			part = text
		case 1:
			chip = text
		}
		end := bytes.IndexByte(l.b[at:], 0)
		if end < 0 || end > maxText {
			break
		}
		at += end + 1
	}
	board := l.text("board", l.u16(header+atomBootMessage), maxText)
	if strings.EqualFold(part, "xxx-xxx-xxx") || part == "" && strings.HasPrefix(board, "113-") {
		first, _, _ := strings.Cut(board, " ")
		part, _, _ = strings.Cut(first, ".")
	}
	l.p.rom.Part, l.p.rom.ChipText = inventory.Fact(part), inventory.Fact(chip)
}

// atomTables lists a master table: a header of four bytes (size, two bytes of
// revision), then a pointer for each table, 0 for one that the ROM lacks.
func (l *legacy) atomTables(name string, at int, names map[int]string) {
	size := l.u16(at)
	if at == 0 || at+4 > len(l.b) || size < 4 || at+size > len(l.b) {
		l.p.fault(faultVendorStructure, l.base+at, "%s: the master table (%d bytes at %#x) does not fit", name, size, at)
		return
	}
	for i := range min(atomMaxTables, (size-4)/2) {
		table := l.u16(at + 4 + 2*i)
		if table == 0 {
			continue
		}
		label, known := names[i]
		if !known {
			label = fmt.Sprintf("%s[%d]", name, i)
		}
		if table+4 > len(l.b) {
			l.p.fault(faultVendorStructure, l.base+at, "%s points to %#x, outside its image", label, table)
			continue
		}
		revision := fmt.Sprintf("%d.%d", l.b[table+2], l.b[table+3])
		l.table(label, table, l.u16(table), revision)
		switch label {
		case atomVRAM:
			l.vram(table, revision)
			l.timings(table, revision)
		case atomSystem:
			l.systemMemory(table, revision)
		case atomPower:
			l.powerPlay(table, revision)
		}
	}
}

// atomDataNames names the data tables that an auditor asks for.
func atomDataNames() map[int]string {
	return map[int]string{4: "atom.FirmwareInfo", 15: atomPower, 28: atomVRAM, 30: atomSystem}
}
