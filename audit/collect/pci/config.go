package pci

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Sizes of configuration space (PCI Local Bus Specification 3.0, 6.1; PCI
// Express Base Specification 5.0, 7.2).
const (
	headerBytes   = 64   // what the kernel gives to everybody
	standardBytes = 256  // conventional PCI
	extendedBytes = 4096 // PCI Express
)

// Limits of the walks: no list can have more entries than fit without overlap.
const (
	maxStandard = 48
	maxExtended = (extendedBytes - standardBytes) / 16
)

// capability is one entry of a capability list.
type capability struct {
	id, offset, version int
}

// fault is a defect of a capability list.
type fault struct {
	kind, detail string
	offset       int
}

// space is a configuration space that was read, as far as it was.
type space struct {
	bytes              []byte
	standard, extended []capability
	faults             []fault
}

// parseConfig walks the capability lists of a configuration space. It reads no
// further than the bytes it has; a list that loops, leaves the space or is
// misaligned ends there, and the defect is recorded.
func parseConfig(b []byte) *space {
	s := &space{bytes: b[:min(len(b), extendedBytes)]}
	if len(b) < headerBytes {
		s.fault("short", len(b), "configuration space has %d bytes, not even its header", len(b))
		return s
	}
	if s.silent() {
		s.fault("no-answer", 0, "every byte is ff: the device does not answer")
		return s
	}
	if len(b) >= standardBytes {
		s.walkStandard()
	}
	if len(b) >= extendedBytes {
		s.walkExtended()
	}
	return s
}

func (s *space) fault(kind string, offset int, format string, args ...any) {
	s.faults = append(s.faults, fault{kind: kind, offset: offset, detail: fmt.Sprintf(format, args...)})
}

func (s *space) silent() bool {
	for _, v := range s.bytes[:headerBytes] {
		if v != 0xff {
			return false
		}
	}
	return true
}

func (s *space) u32(at int) uint32 { return binary.LittleEndian.Uint32(s.bytes[at:]) }

func (s *space) u16(at int) int { return int(binary.LittleEndian.Uint16(s.bytes[at:])) }

// hasList is bit 4 of the status register (6.2.3).
func (s *space) hasList() bool { return s.u16(0x06)&0x10 != 0 }

// bridge says that the header is of type 1 (6.2.1).
func (s *space) bridge() bool { return s.bytes[0x0e]&0x7f == 1 }

// walkStandard follows the list of section 6.7: one byte of id, one of the next
// offset, whose two low bits are reserved.
func (s *space) walkStandard() {
	if !s.hasList() {
		return
	}
	visited := map[int]bool{}
	for at := int(s.bytes[0x34]); at != 0; {
		if at&3 != 0 {
			s.fault("misaligned", at, "capability at %#x is not on a multiple of four", at)
			at &^= 3
		}
		switch {
		case at < headerBytes || at+2 > standardBytes:
			s.fault("out-of-range", at, "capability list points to %#x, outside 0x40 to 0xff", at)
			return
		case visited[at]:
			s.fault("loop", at, "capability list comes back to %#x", at)
			return
		case len(s.standard) == maxStandard:
			s.fault("too-many", at, "more than %d capabilities", maxStandard)
			return
		}
		visited[at] = true
		if id := int(s.bytes[at]); id == 0xff {
			s.fault("out-of-range", at, "capability at %#x reads ff: nothing answers there", at)
			return
		}
		s.standard = append(s.standard, capability{id: int(s.bytes[at]), offset: at})
		at = int(s.bytes[at+1])
	}
}

// walkExtended follows the list of PCI Express 7.6.3: a dword with id, version
// and next offset, the first one at 0x100.
func (s *space) walkExtended() {
	visited := map[int]bool{}
	for at := standardBytes; at != 0; {
		if at&3 != 0 {
			s.fault("misaligned", at, "extended capability at %#x is not on a multiple of four", at)
			at &^= 3
		}
		switch {
		case at < standardBytes || at+4 > extendedBytes:
			s.fault("out-of-range", at, "extended capability list points to %#x, outside 0x100 to 0xfff", at)
			return
		case visited[at]:
			s.fault("loop", at, "extended capability list comes back to %#x", at)
			return
		case len(s.extended) == maxExtended:
			s.fault("too-many", at, "more than %d extended capabilities", maxExtended)
			return
		}
		visited[at] = true
		header := binary.LittleEndian.Uint32(s.bytes[at:])
		if header == 0 || header == 0xffffffff {
			if at != standardBytes {
				s.fault("out-of-range", at, "extended capability list points to %#x, where there is none", at)
			}
			return
		}
		s.extended = append(s.extended, capability{id: int(header & 0xffff), offset: at, version: int(header >> 16 & 0xf)})
		at = int(header >> 20)
	}
}

// find returns the offset of the first extended capability with an id, if size
// bytes of it are there.
func (s *space) find(id, size int) (int, bool) {
	for _, c := range s.extended {
		if c.id == id && c.offset+size <= len(s.bytes) {
			return c.offset, true
		}
	}
	return 0, false
}

// Extended capability ids (PCI Code and ID Assignment Specification 1.14).
const (
	extSerial = 0x0003
	extACS    = 0x000d
	extATS    = 0x000f
	extRebar  = 0x0015
)

// PCI Express capability id, and the device/port types of its register at +2
// (7.5.3.2) that forward between devices below them.
const (
	capExpress         = 0x10
	typeRootPort       = 4
	typeDownstreamPort = 6
)

// forwards says that the function is a port whose devices could reach each
// other through it.
func (s *space) forwards() bool {
	for _, c := range s.standard {
		if c.id == capExpress && c.offset+4 <= standardBytes {
			kind := s.u16(c.offset+2) >> 4 & 0xf
			return kind == typeRootPort || kind == typeDownstreamPort
		}
	}
	return false
}

// serial is the Device Serial Number (7.9.3) as the usual text, most
// significant byte first; a number that is all zeros or all ones is none.
func (s *space) serial() (string, bool) {
	at, ok := s.find(extSerial, 12)
	if !ok {
		return "", false
	}
	n := binary.LittleEndian.Uint64(s.bytes[at+4:])
	switch n {
	case 0, 1<<64 - 1:
		return "", false
	case redactedSerial:
		return inventory.Redacted, true
	}
	return fmt.Sprintf("%016x", n), true
}

// lacks says that a function is known to have no extended capability with an
// id: the whole list was read, it is sound, and the id is not in it.
func (s *space) lacks(id int) bool {
	if len(s.bytes) < extendedBytes || len(s.faults) > 0 {
		return false
	}
	if binary.LittleEndian.Uint32(s.bytes[standardBytes:]) == 0xffffffff {
		return false // the extended space does not answer
	}
	return !slices.ContainsFunc(s.extended, func(c capability) bool { return c.id == id })
}

// ats is the enable bit of Address Translation Services (10.5.1). A function
// that has not got the service has it off; nil means that it is not known.
func (s *space) ats() *bool {
	if s.lacks(extATS) {
		return new(false)
	}
	at, ok := s.find(extATS, 8)
	if !ok {
		return nil
	}
	return new(s.u16(at+6)&0x8000 != 0)
}

// maxResizable is how many windows a function has, and rebarBytes how long a capability
// of so many entries is.
const (
	maxResizable = 6
	rebarBytes   = 4 + 8*maxResizable
)

// resizable are the sizes of windows that the function offers (7.8.6): an entry of two
// registers for each, the first one with a bit for each size from 1 MiB on, the second
// one with the window's number and, in the first entry, how many there are.
func (s *space) resizable() []inventory.ResizableBAR {
	at, ok := s.find(extRebar, 12)
	if !ok {
		return nil
	}
	var list []inventory.ResizableBAR
	n := int(s.u32(at+8)>>5) & 7
	for i := range min(n, maxResizable) {
		entry := at + 4 + 8*i
		if entry+8 > len(s.bytes) {
			break
		}
		sizes, control := s.u32(entry)>>4, s.u32(entry+4)
		bar := inventory.ResizableBAR{Index: int(control & 7)}
		for bit := range 28 { // the larger ones, of 256 TiB and more, are in control
			if sizes>>bit&1 == 1 {
				bar.Bytes = append(bar.Bytes, 1<<20<<bit)
			}
		}
		if bar.Index < maxResizable && len(bar.Bytes) > 0 {
			list = append(list, bar)
		}
	}
	return list
}

// acsWanted are source validation, request redirect, completion redirect and
// upstream forwarding (7.7.8.3): with all four on, devices below a bridge
// cannot reach each other behind the IOMMU's back.
const acsWanted = 1<<0 | 1<<2 | 1<<3 | 1<<4

// acs says whether a bridge keeps what is below it apart. Ports that forward
// between devices below them (root ports, a switch's downstream ports) and have
// no Access Control Services do not; other bridges need none (6.12.1), and nil
// means that it is not known or does not apply.
func (s *space) acs() *bool {
	if s.forwards() && s.lacks(extACS) {
		return new(false)
	}
	at, ok := s.find(extACS, 8)
	if !ok {
		return nil
	}
	return new(s.u16(at+6)&acsWanted == acsWanted)
}
