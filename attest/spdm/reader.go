package spdm

import (
	"encoding/binary"
	"fmt"
)

// FormatError says where bytes are not what their format demands.
type FormatError struct {
	// Code is a stable reason, such as "truncated".
	Code string
	// Offset of the fault in the transcript, bytes.
	Offset int
	Detail string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("SPDM transcript: offset %d: %s (%s)", e.Offset, e.Detail, e.Code)
}

// reader walks a transcript and never past its end. All numbers are little-endian
// (DSP0274, "Byte encoding").
type reader struct {
	b  []byte
	at int
}

func (r *reader) fault(at int, code, format string, args ...any) error {
	return &FormatError{Code: code, Offset: at, Detail: fmt.Sprintf(format, args...)}
}

// take gives the next n bytes, which what names.
func (r *reader) take(n int, what string) ([]byte, error) {
	if n < 0 || n > len(r.b)-r.at {
		return nil, r.fault(r.at, "truncated", "%s takes %d bytes, %d are left", what, n, len(r.b)-r.at)
	}
	out := r.b[r.at : r.at+n : r.at+n]
	r.at += n
	return out, nil
}

func u24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func u16(b []byte) int { return int(binary.LittleEndian.Uint16(b)) }
