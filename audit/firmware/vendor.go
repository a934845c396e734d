package firmware

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// maxText bounds a string of a vendor's table.
const maxText = 128

// vendorTables lets the maker's own tables speak. They are in the first legacy
// image of the chain, and so is everything that they point at.
func (p *parser) vendorTables() {
	p.initBlocks()
	p.directories()
	for i, h := range p.headers {
		img := &p.rom.Images[i]
		if img.Chain != 0 || h.code != codeLegacy {
			continue
		}
		l := legacy{p: p, b: p.b[img.Offset : img.Offset+img.Bytes], base: img.Offset}
		switch h.vendor {
		case vendorNVIDIA:
			l.nvidia(img)
		case vendorAMD:
			l.atom()
		case vendorIntel:
			l.intel()
		}
		break
	}
	p.configuration()
	if s := p.rom.Subsystems; len(s) > 0 {
		p.rom.SubsystemVendorID, p.rom.SubsystemDeviceID = new(s[0].VendorID), new(s[0].DeviceID)
	}
}

// Marks of the tables that came before BIT and ATOM (Linux, drivers/gpu/drm/
// nouveau/nvkm/subdev/bios/bmp.c; drivers/gpu/drm/radeon/radeon_bios.c).
const (
	bmpMark = "\xff\x7fNV\x00"
	atiMark = "761295520"
	atiAt   = 0x30
)

// directories looks in every whole legacy image of NVIDIA and AMD for the table
// that their drivers begin with. Code of somebody else, which only shows the
// card's ids, has none.
func (p *parser) directories() {
	for i, h := range p.headers {
		img := &p.rom.Images[i]
		if h.code != codeLegacy || h.bytes != img.Bytes {
			continue
		}
		l := legacy{p: p, b: p.b[img.Offset : img.Offset+img.Bytes], base: img.Offset}
		at := l.u16(atomHeaderAt)
		switch {
		case h.vendor == vendorNVIDIA && bytes.Contains(l.b, []byte(bitMark)):
			img.Directory = new("bit")
		case h.vendor == vendorNVIDIA && bytes.Contains(l.b, []byte(bmpMark)):
			img.Directory = new("bmp")
		case h.vendor == vendorAMD && at != 0 && (hasMark(l.b, at+4, "ATOM") || hasMark(l.b, at+4, "MOTA")):
			img.Directory = new("atom")
		case h.vendor == vendorAMD && hasMark(l.b, atiAt, atiMark):
			img.Directory = new("ati")
		case h.vendor == vendorNVIDIA, h.vendor == vendorAMD:
			img.Directory = new("none")
		}
	}
}

// legacy is the image that a vendor's tables lie in. Their pointers count from
// its start, not from that of the ROM.
type legacy struct {
	p    *parser
	b    []byte
	base int
	// bytes and extended are for pointers that go beyond it: see far.
	bytes, extended int
}

// u16 reads a pointer or size; 0, which points at no table, where there is none.
func (l *legacy) u16(at int) int {
	if at < 0 || at+2 > len(l.b) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(l.b[at:]))
}

// text reads a string that ends at a zero, at the end of the image, or after
// size bytes, and records it under a name. It returns it trimmed.
func (l *legacy) text(name string, at, size int) string {
	if at <= 0 || at >= len(l.b) || size <= 0 {
		return ""
	}
	raw, _, _ := strings.Cut(string(l.b[at:min(len(l.b), at+size)]), "\x00")
	s := printable(raw)
	if s != "" {
		l.p.rom.Texts = append(l.p.rom.Texts, inventory.ROMText{Name: name, Offset: l.base + at, Text: s})
	}
	return s
}

// table records a table, cut to the image.
func (l *legacy) table(name string, at, size int, revision string) {
	if at <= 0 || at >= len(l.b) || size <= 0 {
		return
	}
	l.p.rom.Tables = append(l.p.rom.Tables, inventory.ROMTable{
		Name: name, Offset: l.base + at, Bytes: min(size, len(l.b)-at), Revision: revision,
	})
}

// printable replaces what is not printable ASCII by spaces, drops repeated
// spaces, and trims.
func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(clean), " ")
}

// subsystem records a statement of the subsystem ids, vendor first. Zeros, ones
// and the text PMID, which stands where an id would, state none.
func (p *parser) subsystem(place string, at int) {
	if at < 0 || at+4 > len(p.b) {
		return
	}
	switch v := binary.LittleEndian.Uint32(p.b[at:]); v {
	case 0, 0xffffffff, 0x44494d50:
	default:
		p.rom.Subsystems = append(p.rom.Subsystems, inventory.SubsystemClaim{
			Place: place, Offset: at, VendorID: hex16(uint16(v)), DeviceID: hex16(uint16(v >> 16)),
		})
	}
}

// day turns the month/day/year of a ROM into YYYY-MM-DD; nil if it is no date.
func day(s string) *string {
	if len(s) < 8 {
		return nil
	}
	t, err := time.Parse("01/02/06", s[:8])
	if err != nil {
		return nil
	}
	return new(t.Format(time.DateOnly))
}
