package firmware

import (
	"encoding/binary"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Sizes and offsets of PCI Firmware Specification 3.3, section 5.1.
const (
	blockBytes    = 512  // unit of every image length
	headerBytes   = 0x1a // ROM header up to and with the pointer to the PCIR
	pcirPointer   = 0x18
	pcirMinBytes  = 0x18 // PCI 2.x data structure
	pcir3MinBytes = 0x1c // with the fields of PCI 3.0
	pcirMaxBytes  = 0x20 // of what it may call its own
	npdeBytes     = 0x20 // of NVIDIA's extension, the longest seen

	codeLegacy = 0x00
	codeEFI    = 0x03

	vendorNVIDIA = 0x10de
	vendorAMD    = 0x1002
	vendorIntel  = 0x8086
)

// header is a ROM header with its PCI data structure. Offsets are absolute.
type header struct {
	offset   int
	pcir     int
	pcirLen  int
	bytes    int // image length; may reach past the end of the ROM
	size     int // length by the ROM header, 0 where it states none
	code     byte
	last     bool
	vendor   uint16
	device   uint16
	class    [3]byte
	revision byte
	list     int // device list relative to pcir, 0 for none
	runtime  int // maximum run-time length, 0 for none
}

// signatures of ROM header and data structure: PCI's own, and the pairs that
// NVIDIA uses for its private chain (open-gpu-kernel-modules, pci_exp_table.h).
type signatures struct{ header, data string }

var (
	sigPCI     = signatures{"\x55\xaa", "PCIR"}
	sigPrivate = []signatures{{"VN", "NPDS"}, {"\x77\xbb", "RGIS"}, {"VN", "RGIS"}, {"\x77\xbb", "NPDS"}}
)

// hasMark says whether an image header may begin at off.
func hasMark(b []byte, off int, mark string) bool {
	return off >= 0 && off+len(mark) <= len(b) && string(b[off:off+len(mark)]) == mark
}

// readHeader reads the header at off. The kind of fault is empty for a usable
// header; whyHeader tells more of it.
func readHeader(b []byte, off int, sig signatures) (h header, kind string) {
	rest := b[off:]
	if !hasMark(rest, 0, sig.header) || len(rest) < headerBytes {
		return h, faultBadPCIR
	}
	at := int(binary.LittleEndian.Uint16(rest[pcirPointer:]))
	if at < headerBytes || at+pcirMinBytes > len(rest) || !hasMark(rest, at, sig.data) {
		return h, faultBadPCIR
	}
	h = decodePCIR(rest[at:])
	h.offset, h.pcir = off, off+at
	h.size = headerSize(rest, h.code)
	if h.bytes == 0 {
		return h, faultZeroLength
	}
	return h, ""
}

// whyHeader says in words why readHeader gave a kind of fault. It is apart from
// it because a scan meets many marks that are none.
func whyHeader(b []byte, off int, kind string) string {
	switch {
	case kind == faultZeroLength:
		return "the PCI data structure gives a length of 0"
	case off+headerBytes > len(b):
		return "no room for an image header"
	default:
		return fmt.Sprintf("no PCI data structure where the header points (%#x)", binary.LittleEndian.Uint16(b[off+pcirPointer:]))
	}
}

// decodePCIR reads a data structure of at least pcirMinBytes.
func decodePCIR(d []byte) header {
	h := header{
		vendor:   binary.LittleEndian.Uint16(d[4:]),
		device:   binary.LittleEndian.Uint16(d[6:]),
		pcirLen:  int(binary.LittleEndian.Uint16(d[0x0a:])),
		revision: d[0x0c],
		class:    [3]byte{d[0x0f], d[0x0e], d[0x0d]},
		bytes:    int(binary.LittleEndian.Uint16(d[0x10:])) * blockBytes,
		code:     d[0x14],
		last:     d[0x15]&0x80 != 0,
	}
	if h.revision >= 3 && h.pcirLen >= pcir3MinBytes && len(d) >= pcir3MinBytes {
		h.list = int(binary.LittleEndian.Uint16(d[8:]))
		h.runtime = int(binary.LittleEndian.Uint16(d[0x16:])) * blockBytes
	}
	return h
}

// headerSize is the length that the ROM header itself states: one byte in a
// legacy image, two in an EFI image (UEFI 2.10, table 14.6). Other code types
// define none.
func headerSize(rest []byte, code byte) int {
	switch code {
	case codeLegacy:
		return int(rest[2]) * blockBytes
	case codeEFI:
		return int(binary.LittleEndian.Uint16(rest[2:])) * blockBytes
	default:
		return 0
	}
}

// heads are the headers of an image, counted from its start: its own, the PCI
// data structure with its list of devices, and NVIDIA's extension.
func (h *header) heads(img *inventory.ROMImage) []extent {
	pcir := h.pcir - h.offset
	list := []extent{{0, headerBytes}, {pcir, pcir + min(pcirMaxBytes, max(h.pcirLen, pcirMinBytes))}}
	if h.list != 0 {
		at := pcir + h.list
		list = append(list, extent{at, at + 2*len(img.DeviceIDs) + 2})
	}
	if n := img.NPDE; n != nil {
		at := n.Offset - h.offset
		list = append(list, extent{at, at + npdeBytes})
	}
	return list
}

// deviceList reads the device ids of a PCI 3.0 structure: two bytes each up to
// a zero, inside the image.
func deviceList(image []byte, at int) []string {
	const maxIDs = 256
	var ids []string
	for ; at+2 <= len(image) && len(ids) < maxIDs; at += 2 {
		id := binary.LittleEndian.Uint16(image[at:])
		if id == 0 {
			break
		}
		ids = append(ids, hex16(id))
	}
	return ids
}

// readNPDE finds NVIDIA's extension behind the PCIR, at the next multiple of 16
// from the start of the image; nil where there is none.
func readNPDE(image []byte, pcir, pcirLen int) *inventory.NPDE {
	at := (pcir + pcirLen + 15) &^ 15
	if !hasMark(image, at, "NPDE") || at+0x0c > len(image) {
		return nil
	}
	d := image[at:]
	return &inventory.NPDE{
		Offset:   at,
		Revision: fmt.Sprintf("%d.%d", d[5], d[4]),
		Bytes:    int(binary.LittleEndian.Uint16(d[8:])) * blockBytes,
		Last:     d[10]&0x80 != 0,
	}
}

func hex16(v uint16) string { return fmt.Sprintf("%04x", v) }
