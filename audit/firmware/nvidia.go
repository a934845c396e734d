package firmware

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The BIOS Information Table of NVIDIA's ROMs (NVIDIA's public "BIOS
// Information Table Specification", open-gpu-doc), and fields of token i that
// hold in every dump seen.
const (
	bitMark        = "\xff\xb8BIT\x00"
	bitHeaderBytes = 12
	bitEntryBytes  = 6
	maxTokens      = 64
	bitBoardAt     = 11 // in token i
	bitDateAt      = 15
	nvgiSubsystem  = 0x0c
	npdeSubsystem  = 0x10
	legacyIDs      = 0x54
)

// nvidia reads the BIT and the places that state the board. Without a BIT
// (chips before 2004) these places are not known to be what they are later.
func (l *legacy) nvidia(img *inventory.ROMImage) {
	at := bytes.Index(l.b, []byte(bitMark))
	if at < 0 {
		return
	}
	if n := img.NPDE; n != nil && l.u16(n.Offset-l.base+6) >= npdeSubsystem+4 {
		l.p.subsystem("npde", n.Offset+npdeSubsystem)
	}
	if len(l.b) >= legacyIDs+4 {
		l.p.subsystem("legacy", l.base+legacyIDs)
	}
	if l.p.rom.Wrapper != nil {
		l.p.subsystem("nvgi", nvgiSubsystem)
	}
	l.extend(img)
	l.bit(at)
	l.connectors()
}

// bit walks the tokens.
func (l *legacy) bit(at int) {
	if at+bitHeaderBytes > len(l.b) {
		l.p.fault(faultVendorStructure, l.base+at, "BIT: the header is cut short")
		return
	}
	header := l.b[at : at+bitHeaderBytes]
	size, entry, count := int(header[8]), int(header[9]), int(header[10])
	if size < bitHeaderBytes || entry < bitEntryBytes || count > maxTokens || at+size+count*entry > len(l.b) {
		l.p.fault(faultVendorStructure, l.base+at, "BIT: %d entries of %d bytes behind a header of %d do not fit", count, entry, size)
		return
	}
	if sum := sum8(header); sum != 0 {
		l.p.fault(faultVendorStructure, l.base+at, "BIT: the header sums to %02x, not 00", sum)
	}
	for i := range count {
		l.token(at + size + i*entry)
	}
}

func (l *legacy) token(at int) {
	id, version, size, data := l.b[at], l.b[at+1], l.u16(at+2), l.u16(at+4)
	name := fmt.Sprintf("bit.%02x", id)
	if id > ' ' && id <= '~' {
		name = "bit." + string(rune(id))
	}
	l.table(name, data, size, strconv.Itoa(int(version)))
	switch id {
	case 'i':
		l.tokenInfo(data, size)
	case 'S':
		l.tokenStrings(data, size)
	case 'M':
		if version == 2 {
			l.tokenMemory(data)
		}
	case 'P':
		if version == 2 {
			l.tokenPerformance(data, size)
			l.tokenPower(data, size)
		}
	case 'p':
		if version == 2 && size >= 4 {
			l.tokenFalcon(data)
		}
	}
}

// tokenInfo reads token i: the version, most significant byte last but one, its fifth
// byte, the id of the board, and the build date (NVIDIA's BIT specification,
// BIT_INTERNAL_USE_ONLY).
func (l *legacy) tokenInfo(at, size int) {
	if at <= 0 || size < bitDateAt+8 || at+size > len(l.b) {
		l.p.fault(faultVendorStructure, l.base+at, "BIT: token i (%d bytes) does not fit", size)
		return
	}
	d := l.b[at : at+size]
	l.p.rom.Version = new(fmt.Sprintf("%02X.%02X.%02X.%02X.%02X", d[3], d[2], d[1], d[0], d[4]))
	l.p.rom.BuildDate = day(l.text("build date", at+bitDateAt, 8))
	if id := u16le(d, bitBoardAt); id != 0 && id != 0xffff {
		l.p.rom.BoardID = new(hex16(uint16(id)))
	}
}

// tokenStrings reads token S: pointer and length of each text that the BIOS
// can show. The first names the board.
func (l *legacy) tokenStrings(at, size int) {
	names := [...]string{"banner", "version", "copyright", "oem", "oem vendor", "product", "product revision"}
	for i, name := range names {
		entry := at + 3*i
		if 3*i+3 > size || at <= 0 || entry+3 > len(l.b) {
			return
		}
		text := l.text(name, l.u16(entry), min(maxText, int(l.b[entry+2])))
		if i == 0 {
			l.p.rom.Part, l.p.rom.BannerChip = inventory.Fact(text), bannerChip(text)
		}
	}
}

// bannerChip finds the chip's name in a banner ("GK208 P2132 SKU 14 VGA BIOS"):
// a word of letters that stand for a generation, and a number that no card is
// sold under. GT216 is a chip and GT710 a card; a letter may follow (GK208B).
func bannerChip(banner string) *string {
	for word := range strings.FieldsFuncSeq(banner, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') }) {
		if n := chipName(word); n == len(word) || n > 0 && n == len(word)-1 && word[n] >= 'A' {
			return new(word[:n])
		}
	}
	return nil
}

// chipName is how many bytes at the start of a word name a chip.
func chipName(word string) int {
	for length, prefixes := range [...]string{
		3: "G7 G8 G9",
		4: "NV1 NV2 NV3 NV4 NV5",
		5: "GT20 GT21 GF1 GK1 GK2 GM1 GM2 GP1 GV1 TU1 GA1 AD1 GH1 GB1 GB2",
	} {
		for prefix := range strings.FieldsSeq(prefixes) {
			if len(word) >= length && strings.HasPrefix(word, prefix) && strings.Trim(word[len(prefix):length], "0123456789ABCDEF") == "" {
				return length
			}
		}
	}
	return 0
}
