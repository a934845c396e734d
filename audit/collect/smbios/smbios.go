// Package smbios reads the system slots of a machine's SMBIOS table: which PCI
// address the machine's firmware gives to which slot (DMTF DSP0134 3.7.0,
// sections 6.1 and 7.10). The table is the firmware's word on its own board; no
// card writes it. It reads nothing itself.
package smbios

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// What is read at most. The structure table of a large server has 20 KiB and 30
// slots.
const (
	MaxTable       = 1 << 20
	maxStructures  = 8192
	maxSlots       = 256
	maxPeers       = 32
	maxDesignation = 64
)

// The types of a structure that are told apart (section 7).
const (
	typeSlot = 9
	typeEnd  = 127
)

// ErrMalformed says that bytes are not of the form of SMBIOS.
var ErrMalformed = errors.New("not of the form of SMBIOS")

// Slot is one system slot (type 9).
type Slot struct {
	// Designation is what is printed beside the slot; "" where the firmware says
	// nothing. Bytes that are no printable ASCII are left out.
	Designation string `json:"designation,omitempty"`
	// Addresses are the PCI addresses of the slot, as sysfs writes them: of its
	// port or of the device in it, and those of its peers where the slot is split.
	Addresses []string `json:"addresses,omitempty"`
}

// Slots reads a structure table (sysfs firmware/dmi/tables/DMI). Where the table
// breaks off, the slots before the fault are returned with the error.
func Slots(table []byte) ([]Slot, error) {
	if len(table) > MaxTable {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrMalformed, len(table), MaxTable)
	}
	var slots []Slot
	for n := 0; len(table) > 0; n++ {
		if n == maxStructures {
			return slots, fmt.Errorf("%w: more than %d structures", ErrMalformed, maxStructures)
		}
		s, rest, err := next(table)
		if err != nil {
			return slots, err
		}
		switch {
		case s.kind == typeEnd:
			return slots, nil
		case s.kind != typeSlot:
		case len(slots) == maxSlots:
			return slots, fmt.Errorf("%w: more than %d slots", ErrMalformed, maxSlots)
		default:
			slots = append(slots, s.slot())
		}
		table = rest
	}
	return slots, nil
}

// structure is one structure: its formatted area, header included, and its
// strings.
type structure struct {
	kind      byte
	formatted []byte
	strings   []byte
}

// next cuts the first structure off a table (section 6.1.2): type, length of the
// formatted area, handle; then strings that end with a zero byte each, and one
// more zero byte, or two where there is no string (section 6.1.3).
func next(table []byte) (structure, []byte, error) {
	if len(table) < 4 {
		return structure{}, nil, fmt.Errorf("%w: %d bytes, too few for a header", ErrMalformed, len(table))
	}
	length := int(table[1])
	if length < 4 || length > len(table) {
		return structure{}, nil, fmt.Errorf("%w: a formatted area of %d bytes, of %d that are left", ErrMalformed, length, len(table))
	}
	s := structure{kind: table[0], formatted: table[:length]}
	end := bytes.Index(table[length:], []byte{0, 0})
	if end < 0 {
		return structure{}, nil, fmt.Errorf("%w: strings without an end", ErrMalformed)
	}
	s.strings = table[length : length+end]
	return s, table[length+end+2:], nil
}

// The offsets of a slot's fields (section 7.10). Those from 0Dh on came with
// SMBIOS 2.6, the peers with 3.2.
const (
	offDesignation = 0x04
	offSegment     = 0x0d
	offPeerCount   = 0x12
	offPeers       = 0x13
	peerBytes      = 5 // segment, bus, device and function, width (section 7.10.9)
)

func (s structure) slot() Slot {
	var out Slot
	if len(s.formatted) > offDesignation {
		out.Designation = s.text(int(s.formatted[offDesignation]))
	}
	if len(s.formatted) < offSegment+4 {
		return out
	}
	out.add(s.formatted[offSegment:])
	if len(s.formatted) <= offPeerCount {
		return out
	}
	for i := range min(int(s.formatted[offPeerCount]), maxPeers) {
		at := offPeers + i*peerBytes
		if at+peerBytes > len(s.formatted) {
			break
		}
		out.add(s.formatted[at:])
	}
	return out
}

// add takes segment, bus, and device and function. All bits set stand for a slot
// that has no address (section 7.10.8).
func (s *Slot) add(b []byte) {
	segment, bus, devfn := binary.LittleEndian.Uint16(b), b[2], b[3]
	if bus == 0xff && devfn == 0xff {
		return
	}
	s.Addresses = append(s.Addresses, fmt.Sprintf("%04x:%02x:%02x.%d", segment, bus, devfn>>3, devfn&7))
}

// text is a string by its number, which counts from one; zero is none.
func (s structure) text(number int) string {
	rest := s.strings
	for i := 1; number > 0 && len(rest) > 0; i++ {
		one, after, _ := bytes.Cut(rest, []byte{0})
		if i == number {
			return printable(one)
		}
		rest = after
	}
	return ""
}

func printable(b []byte) string {
	var kept []byte
	for _, c := range b {
		if c >= 0x20 && c < 0x7f && len(kept) < maxDesignation {
			kept = append(kept, c)
		}
	}
	return string(bytes.TrimSpace(kept))
}
