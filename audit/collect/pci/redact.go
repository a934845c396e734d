package pci

import (
	"encoding/binary"
	"slices"
)

// redactedSerial stands for a Device Serial Number that redaction took out: the
// letters REDACTED.
const redactedSerial = 0x4445544341444552

// KeptConfig is a configuration space of which only the bytes that this package
// reads are left: the header's ids and pointers, the heads of the capabilities, and
// the registers of five of them. The others are zeros, and a
// Device Serial Number becomes the word REDACTED. The facts are those of b but for it.
func KeptConfig(b []byte) []byte {
	b = b[:min(len(b), extendedBytes)]
	kept := make([]byte, len(b))
	keep := func(at, n int) {
		if at = min(at, len(b)); n > 0 {
			copy(kept[at:], b[at:min(at+n, len(b))])
		}
	}
	if len(b) < headerBytes {
		return kept
	}
	s := parseConfig(b)
	if s.silent() {
		for i := range kept {
			kept[i] = 0xff // nothing answers, whatever the rest looks like
		}
		return kept
	}
	keep(0x00, 0x0f) // ids, command, status, revision, class, header type
	if !s.bridge() {
		keep(0x2c, 4) // subsystem
	}
	keep(0x34, 1)
	// Before the heads: where a list overlaps itself, its structure is what is read.
	if at, there := s.find(extSerial, 12); there {
		if _, ok := s.serial(); ok {
			binary.LittleEndian.PutUint64(kept[at+4:], redactedSerial)
		} else {
			keep(at+4, 8) // zeros or ones: none
		}
	}
	for _, c := range s.standard {
		n := 2
		if c.id == capExpress {
			n = 4 // with the type of the port
		}
		keep(c.offset, n)
	}
	for _, c := range s.extended {
		n := 4
		switch c.id {
		case extACS, extATS:
			n = 8 // with capability and control
		case extRebar:
			n = rebarBytes
		}
		keep(c.offset, n)
	}
	keepFaults(s, keep)
	return kept
}

// keepFaults keeps what a list's end is told by: a word of ones or zeros.
func keepFaults(s *space, keep func(at, n int)) {
	if len(s.bytes) > standardBytes {
		keep(standardBytes, 4)
	}
	for _, f := range s.faults {
		switch {
		case f.offset >= standardBytes && f.offset+4 <= len(s.bytes):
			if h := binary.LittleEndian.Uint32(s.bytes[f.offset:]); h == 0 || h == 1<<32-1 {
				keep(f.offset, 4)
			}
		case f.offset >= headerBytes && f.offset < len(s.bytes) && s.bytes[f.offset] == 0xff:
			keep(f.offset, 1)
		}
	}
}

// DriverNames are the names of drivers by which the enumeration tells what is a GPU
// or an accelerator, and what is none.
func DriverNames() []string {
	var names []string
	for _, set := range []map[string]bool{pciDrivers, platformDrivers, plainDisplays} {
		for name := range set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
