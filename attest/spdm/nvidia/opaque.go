package nvidia

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// Types of records of the opaque data (NVIDIA, "NVIDIA Opaque Data Format", of
// 2026-10-06; before that the headers of its attestation SDK).
const (
	recordDriver             = 3
	recordVBIOS              = 6
	recordNVDEC              = 11
	recordMeasureCounts      = 12
	recordChipSKU            = 15
	recordChipSKUMod         = 16
	recordProject            = 17
	recordProjectSKU         = 18
	recordProjectSKUMod      = 19
	recordFWID               = 20
	recordProtectedPCIe      = 21
	recordSwitches           = 22 // of a GPU: the switches that it is linked to; of a switch: its own id
	recordLinkedGPUs         = 26
	recordFormatVersion      = 34
	recordChip               = 35
	recordMode               = 36
	recordUcodeSVN           = 37
	maxRecords               = 1024
	headerSize               = 12
	supportedMajor           = 2
	magic                    = "NVDAOD"
	on                  byte = 0xAA
	off                 byte = 0x55
)

// valueTypes are the value types that the versioned format gives to the records that
// are read here. One that does not fit is a fault: it would be read as something else.
var valueTypes = map[int][]int{
	recordDriver: {0x86, 0x82}, recordVBIOS: {0x86, 0x82}, recordNVDEC: {0x82, 0x85}, recordMeasureCounts: {0x84},
	recordChipSKU: {0x82}, recordChipSKUMod: {0x82}, recordProject: {0x82}, recordProjectSKU: {0x82}, recordProjectSKUMod: {0x82},
	recordFWID: {0x01}, recordProtectedPCIe: {0x85, 0x82}, recordMode: {0x85, 0x82}, recordUcodeSVN: {0x87}, recordChip: {0x82},
}

// Record is one record of the opaque data.
type Record struct {
	Type int `json:"type"`
	// ValueType says how the value is to be read, in the versioned format; 0 in the
	// older one, which has none.
	ValueType int    `json:"value_type,omitempty"`
	Value     []byte `json:"value"`
}

// Opaque is what NVIDIA adds to the measurements.
type Opaque struct {
	// Version of the format, such as "2.0.0"; "" for the older one, without a header.
	Version string   `json:"version,omitempty"`
	Records []Record `json:"records"`
	// Unknown are the types of records that nothing is known of. They are kept: a
	// newer driver may add some.
	Unknown []int `json:"unknown,omitempty"`
}

// ParseOpaque reads opaque data that begins at an offset of a transcript. Which of the
// two formats it has is told by its first six bytes.
func ParseOpaque(b []byte, begin int) (*Opaque, error) {
	fault := func(at int, code, format string, args ...any) error {
		return &spdm.FormatError{Code: code, Offset: begin + at, Detail: fmt.Sprintf(format, args...)}
	}
	o := &Opaque{}
	at, head := 0, 4
	if strings.HasPrefix(string(b), magic) {
		if len(b) < headerSize {
			return nil, fault(len(b), "truncated", "the header takes %d bytes", headerSize)
		}
		if profile := binary.LittleEndian.Uint16(b[6:]); profile != 0 {
			return nil, fault(6, "opaque-profile", "profile %d, only 0 is defined", profile)
		}
		if b[8] > supportedMajor {
			return nil, fault(8, "unsupported", "version %d.%d.%d of the opaque data is newer than this program", b[8], b[9], b[10])
		}
		o.Version = fmt.Sprintf("%d.%d.%d", b[8], b[9], b[10])
		at, head = headerSize, 6
	}
	for at < len(b) {
		if len(o.Records) == maxRecords {
			return nil, fault(at, "too-large", "more than %d records", maxRecords)
		}
		if len(b)-at < head {
			return nil, fault(at, "stray-bytes", "%d bytes follow the last record", len(b)-at)
		}
		r := Record{Type: int(binary.LittleEndian.Uint16(b[at:]))}
		if head == 6 {
			r.ValueType = int(binary.LittleEndian.Uint16(b[at+2:]))
		}
		size := int(binary.LittleEndian.Uint16(b[at+head-2:]))
		if size > len(b)-at-head {
			return nil, fault(at+head-2, "record-size", "record %d states %d bytes, %d are left", r.Type, size, len(b)-at-head)
		}
		r.Value = b[at+head : at+head+size : at+head+size]
		if o.Record(r.Type) != nil {
			return nil, fault(at, "duplicate-record", "record %d comes twice", r.Type)
		}
		if want, known := valueTypes[r.Type]; head == 6 && known && !slices.Contains(want, r.ValueType) {
			return nil, fault(at+2, "value-type", "record %d has value type 0x%02x, want 0x%02x", r.Type, r.ValueType, want[0])
		}
		if err := valueSize(r); err != nil {
			return nil, fault(at+head-2, "record-size", "record %d: %v", r.Type, err)
		}
		if r.Type == 0 || r.Type > 38 {
			o.Unknown = append(o.Unknown, r.Type)
		}
		o.Records = append(o.Records, r)
		at += head + size
	}
	return o, nil
}

// valueSize holds a value to the size that its type has.
func valueSize(r Record) error {
	n := len(r.Value)
	switch {
	case (r.ValueType == 0x83 || r.ValueType == 0x84) && n%4 != 0:
		return fmt.Errorf("%d bytes are no whole number of 32-bit values", n)
	case r.ValueType == 0x87 && n != 2:
		return fmt.Errorf("a security version takes 2 bytes, it has %d", n)
	case r.Type == recordFWID && n != 48:
		return fmt.Errorf("a SHA-384 takes 48 bytes, it has %d", n)
	}
	return nil
}

// Record is the one of a type, nil for none.
func (o *Opaque) Record(kind int) *Record {
	for i := range o.Records {
		if o.Records[i].Type == kind {
			return &o.Records[i]
		}
	}
	return nil
}

// text is a value that is text, without the NULs that fill it; nil where the record is
// missing or holds anything else.
func (o *Opaque) text(kind int) *string {
	r := o.Record(kind)
	if r == nil {
		return nil
	}
	s := strings.TrimRight(string(r.Value), "\x00")
	for _, c := range s {
		if c < 0x20 || c > 0x7e {
			return nil
		}
	}
	return &s
}

// status is a value that is 0xAA for on or 0x55 for off; nil for anything else.
func (o *Opaque) status(kind int) *bool {
	r := o.Record(kind)
	if r == nil || len(r.Value) != 1 || r.Value[0] != on && r.Value[0] != off {
		return nil
	}
	return new(r.Value[0] == on)
}

// vbios is the version of the VBIOS, such as 96.00.A5.00.01: of a GPU the first four
// bytes backwards and the fifth, of a switch text.
func (o *Opaque) vbios() *string {
	r := o.Record(recordVBIOS)
	switch {
	case r == nil:
		return nil
	case len(r.Value) != 8:
		return o.text(recordVBIOS)
	}
	v := r.Value
	return new(strings.ToUpper(fmt.Sprintf("%02x.%02x.%02x.%02x.%02x", v[3], v[2], v[1], v[0], v[4])))
}

// ids are chip ids (PDI) of 8 bytes each, in hexadecimal as certificates write them.
// Those of a GPU's switches are little-endian, those that a switch states big-endian.
func ids(b []byte, littleEndian bool) []string {
	var list []string
	for id := range slices.Chunk(b, 8) {
		if len(id) < 8 {
			break
		}
		id = slices.Clone(id)
		if littleEndian {
			slices.Reverse(id)
		}
		list = append(list, strings.ToUpper(hex.EncodeToString(id)))
	}
	return list
}
