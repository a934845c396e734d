package firmware

import (
	"encoding/hex"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The directory of AMD's platform security processor in a graphics ROM, and the
// header of the blobs that it lists (PSPReverse/PSPTool documents both). Checked
// on Vega 10 and Navi 23. Signatures: see pspSignatures.
const (
	pspHeader    = 16
	pspEntry     = 16
	maxPSP       = 256
	pspBlobMark  = 0x10 // of the blob: "$PS1"
	pspEncrypted = 0x18
	pspSigned    = 0x30
	pspKey       = 0x38
	pspBlobBytes = 0x48
)

// psp reads the directory that the ATOM header points at.
func (l *legacy) psp(header int) {
	if l.u16(header) < atomPSPHeader || header+atomPSP+4 > len(l.b) {
		return
	}
	at := int(l.p.u32(l.base + header + atomPSP))
	if at == 0 {
		return
	}
	if at > len(l.b)-pspHeader || !hasMark(l.b, at, "$PSP") {
		l.p.fault(faultVendorStructure, l.base+header+atomPSP, "no PSP directory at %#x, where the ATOM header points", at)
		return
	}
	// Header: mark, checksum, number of entries, reserved.
	entries, named := int(min(maxPSP, l.p.u32(l.base+at+8))), 0
	l.table("psp.directory", at, pspHeader+pspEntry*entries, "1")
	for i := range entries {
		e := at + pspHeader + i*pspEntry
		if e+pspEntry > len(l.b) {
			l.p.fault(faultVendorStructure, l.base+at, "PSP directory: %d entries do not fit", entries)
			return
		}
		entry := l.pspEntry(l.base + e)
		// An entry has a digest, so that a comparison can name it. Entries may overlap:
		// of a directory that lists more than there is, the rest has none.
		if named += entry.Bytes; entry.Read && entry.Bytes > 0 && named <= len(l.p.b) {
			l.p.rom.Tables = append(l.p.rom.Tables, inventory.ROMTable{Name: "psp." + entry.Type, Offset: entry.Offset, Bytes: entry.Bytes, Revision: "1"})
		}
	}
	l.p.pspSignatures()
}

// pspEntry reads an entry: type, size, and where it is, from the legacy image on.
func (l *legacy) pspEntry(e int) inventory.PSPEntry {
	b := l.p.b
	entry := inventory.PSPEntry{Type: hexBytes(b[e]), Bytes: int(l.p.u32(e + 4)), Offset: l.base + int(l.p.u32(e+8))}
	entry.Read = entry.Offset >= 0 && entry.Bytes >= 0 && entry.Offset <= len(b) && entry.Bytes <= len(b)-entry.Offset
	if d := entry.Offset; entry.Bytes >= pspBlobBytes && d+pspBlobBytes <= len(b) && hasMark(b, d+pspBlobMark, "$PS1") {
		entry.Signed, entry.Encrypted = new(l.p.u32(d+pspSigned) != 0), new(l.p.u32(d+pspEncrypted) != 0)
		entry.Key = new(hex.EncodeToString(b[d+pspKey : d+pspKey+16]))
	}
	l.p.rom.PSP = append(l.p.rom.PSP, entry)
	return entry
}
