package spdm

import "fmt"

// ManifestIndex is the index of a block that holds a manifest of measurements, no
// measurement (DSP0274, "Measurement index assignments").
const ManifestIndex = 0xFD

// Block is one measurement (DSP0274, "Measurement block format", and "DMTF
// measurement specification format").
type Block struct {
	// Index from 1 on.
	Index int `json:"index"`
	// Type is what was measured: DMTFSpecMeasurementValueType without its highest bit,
	// such as 1 for mutable firmware.
	Type int `json:"type"`
	// Raw says that Value is what was measured itself; else it is its digest.
	Raw   bool   `json:"raw"`
	Value []byte `json:"value"`
	// Offset of the block in the transcript, bytes.
	Offset int `json:"offset"`
}

// parseBlocks reads a measurement record that begins at an offset and states how many
// blocks it has. Sizes are read and have to add up; none is assumed.
func parseBlocks(b []byte, begin, count int) ([]Block, error) {
	r := &reader{b: b}
	fault := func(at int, code, format string, args ...any) error {
		return &FormatError{Code: code, Offset: begin + at, Detail: fmt.Sprintf(format, args...)}
	}
	var list []Block
	seen := map[int]bool{}
	for r.at < len(b) {
		at := r.at
		if len(list) == count {
			return nil, fault(at, "block-count", "%d blocks are stated, and %d bytes follow them", count, len(b)-at)
		}
		head, err := r.take(4, "a block's head")
		if err != nil {
			return nil, fault(at, "truncated", "a block's head takes 4 bytes, %d are left", len(b)-at)
		}
		index, specification, size := int(head[0]), head[1], u16(head[2:])
		body, err := r.take(size, "a block")
		switch {
		case err != nil:
			return nil, fault(at+2, "block-size", "block %d states %d bytes, %d are left of the record", index, size, len(b)-at-4)
		case index == 0 || index == 0xFF:
			return nil, fault(at, "block-index", "index %d names no block", index)
		case seen[index]:
			return nil, fault(at, "duplicate-index", "index %d comes twice", index)
		case specification != 1:
			return nil, fault(at+1, "unsupported", "block %d follows specification 0x%02x, not DMTF's", index, specification)
		case size < 3 || u16(body[1:]) != size-3:
			return nil, fault(at+4, "block-size", "the value of block %d and its head do not make %d bytes", index, size)
		}
		seen[index] = true
		list = append(list, Block{Index: index, Type: int(body[0] & 0x7f), Raw: body[0]&0x80 != 0, Value: body[3:], Offset: begin + at})
	}
	if len(list) != count {
		return nil, fault(len(b), "block-count", "%d blocks are stated, %d are there", count, len(list))
	}
	return list, nil
}
