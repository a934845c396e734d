package eventlog

import "encoding/binary"

// reader walks bytes and never past their end. Once a read does not fit, short
// holds the offset where it began, and every further read gives nothing.
type reader struct {
	b     []byte
	at    int
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n < 0 || n > len(r.b)-r.at {
		r.short = true
		return nil
	}
	out := r.b[r.at : r.at+n : r.at+n]
	r.at += n
	return out
}

func (r *reader) u8() int {
	if b := r.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// sized takes as many bytes as a 32 or 64-bit field says. It compares before it
// converts, so that no length can wrap.
func (r *reader) sized(n uint64) []byte {
	if n > uint64(len(r.b)-r.at) {
		r.short = true
		return nil
	}
	return r.take(int(n))
}

func (r *reader) done() bool { return !r.short && r.at == len(r.b) }
