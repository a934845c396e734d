package firmware

import (
	"encoding/hex"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The directories of AMD's platform security processor in a graphics ROM, and the header
// of the blobs that they list (PSPReverse/PSPTool, directory.py, entry.py and header_file.py;
// coreboot, psp_integration). The first directory ("$PSP") may lead to others: a second
// level ("$PL2"), those of programs for the host ("$BHD", "$BL2"), and one that chooses among
// directories by the chip ("2PSP", "2BHD"). Checked on Vega 10 and Navi 23, which have the
// first alone; no dump at hand has another. Signatures: see pspSignatures.
const (
	pspHeader    = 16
	pspEntry     = 16
	maxPSP       = 256
	pspBlobMark  = 0x10 // of the blob: "$PS1"
	pspEncrypted = 0x18
	pspSigned    = 0x30
	pspKey       = 0x38
	pspBlobBytes = 0x48

	pspBIOSEntry   = 24
	pspComboHeader = 32
	maxPSPDepth    = 3

	maxPSPDirectories = 16
)

// pspForm is how a directory of a mark is laid out. Choosing directories have no
// programs: each entry is where one of the others is.
type pspForm struct {
	header, entry int
	chooses       bool
}

func pspForms() map[string]pspForm {
	return map[string]pspForm{
		"$PSP": {pspHeader, pspEntry, false}, "$PL2": {pspHeader, pspEntry, false},
		"$BHD": {pspHeader, pspBIOSEntry, false}, "$BL2": {pspHeader, pspBIOSEntry, false},
		"2PSP": {pspComboHeader, pspEntry, true}, "2BHD": {pspComboHeader, pspEntry, true},
	}
}

// psp reads the directory that the ATOM header points at. A form that is not known, or a
// directory that was not read, is no fault.
func (l *legacy) psp(header int) {
	if l.u16(header) < atomPSPHeader || header+atomPSP+4 > len(l.b) {
		return
	}
	if at := l.p.u32(l.base + header + atomPSP); at != 0 {
		r := pspReader{l: l, forms: pspForms(), seen: map[int]bool{}}
		r.directory(l.base+int(at), 0)
		l.p.pspSignatures()
	}
}

// pspReader follows directories, each once.
type pspReader struct {
	l     *legacy
	forms map[string]pspForm
	seen  map[int]bool
	named int // bytes of entries that have a digest
}

// mark is that of a directory in a place of the ROM; "" where there is none.
func (r *pspReader) mark(at int) string {
	if b := r.l.p.b; at >= 0 && at <= len(b)-pspHeader {
		if mark := string(b[at : at+4]); r.forms[mark].header != 0 {
			return mark
		}
	}
	return ""
}

func (r *pspReader) directory(at, depth int) {
	p, mark := r.l.p, r.mark(at)
	if mark == "" || depth > maxPSPDepth || r.seen[at] || len(r.seen) >= maxPSPDirectories {
		return
	}
	r.seen[at] = true
	// Header: mark, checksum, number of entries, and what the form has besides.
	form, count := r.forms[mark], int(min(maxPSP, p.u32(at+8)))
	size := form.header + form.entry*count
	if at+size > len(p.b) {
		p.fault(faultVendorStructure, at, "PSP directory: %d entries do not fit", count)
		count = max(0, (len(p.b)-at-form.header)/form.entry)
		size = len(p.b) - at
	}
	p.rom.Tables = append(p.rom.Tables, inventory.ROMTable{Name: "psp.directory", Offset: at, Bytes: size, Revision: mark})
	for i := range count {
		e := at + form.header + i*form.entry
		where := r.l.base + int(p.u32(e+8))
		if !form.chooses {
			if len(p.rom.PSP) >= maxPSP {
				return
			}
			r.program(mark, r.l.pspEntry(mark, e))
		}
		r.directory(where, depth+1)
	}
}

// program gives an entry a digest, so that a comparison can name it. Entries may overlap:
// of directories that list more than there is, the rest has none.
func (r *pspReader) program(mark string, e inventory.PSPEntry) {
	if r.named += max(0, e.Bytes); !e.Read || e.Bytes <= 0 || r.named > len(r.l.p.b) {
		return
	}
	r.l.p.rom.Tables = append(r.l.p.rom.Tables, inventory.ROMTable{Name: "psp." + e.Type, Offset: e.Offset, Bytes: e.Bytes, Revision: mark})
}

// pspEntry reads an entry: type, size, and where it is, from the legacy image on.
func (l *legacy) pspEntry(mark string, e int) inventory.PSPEntry {
	b := l.p.b
	entry := inventory.PSPEntry{Directory: mark, Type: hexBytes(b[e]), Bytes: int(l.p.u32(e + 4)), Offset: l.base + int(l.p.u32(e+8))}
	entry.Read = entry.Offset >= 0 && entry.Bytes >= 0 && entry.Offset <= len(b) && entry.Bytes <= len(b)-entry.Offset
	if d := entry.Offset; entry.Bytes >= pspBlobBytes && d+pspBlobBytes <= len(b) && hasMark(b, d+pspBlobMark, "$PS1") {
		entry.Signed, entry.Encrypted = new(l.p.u32(d+pspSigned) != 0), new(l.p.u32(d+pspEncrypted) != 0)
		entry.Key = new(hex.EncodeToString(b[d+pspKey : d+pspKey+16]))
	}
	l.p.rom.PSP = append(l.p.rom.PSP, entry)
	return entry
}
