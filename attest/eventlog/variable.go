package eventlog

import (
	"encoding/binary"
	"unicode/utf16"
)

// Variable is a UEFI_VARIABLE_DATA (PFP 1.06, section 10.2.6).
type Variable struct {
	GUID GUID
	Name string
	Data []byte
}

const maxVariableName = 1024 // UTF-16 units

// Variable decodes the data of an EV_EFI_VARIABLE_* event.
func (e *Event) Variable() (*Variable, error) {
	r := &reader{b: e.Data}
	var v Variable
	copy(v.GUID[:], r.take(16))
	units, size := r.u64(), r.u64()
	if r.short || units > maxVariableName {
		return nil, fault(codeUnknownDataForm, e.Offset, "event %d: no usable variable head in %d bytes", e.Index, len(e.Data))
	}
	name := r.take(int(units) * 2)
	v.Data = r.sized(size)
	if !r.done() {
		return nil, fault(codeUnknownDataForm, e.Offset, "event %d: the variable's lengths do not add up to %d bytes", e.Index, len(e.Data))
	}
	u := make([]uint16, units)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(name[2*i:])
	}
	v.Name = string(utf16.Decode(u))
	return &v, nil
}
