package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of the protocol. They are checked on both sides, before anything is allocated.
const (
	// maxMessage is one message of the socket, in bytes.
	maxMessage = 64 << 10
	// maxName is a path, a host or another text of a request, in bytes; Linux's
	// PATH_MAX.
	maxName = 4096
	// inline is up to which size bytes go in the message itself; more goes by a
	// descriptor.
	inline = 48 << 10
	// maxBlob is the largest answer that goes by a descriptor of memory: a ROM, a
	// listing.
	maxBlob = 64 << 20
	// maxAsks is how many questions about the machine's tree go in one message.
	maxAsks = 64
	// maxPart is one part of what the judge sends.
	maxPart = 32 << 10
)

// operation is what a request asks for.
type operation uint8

const (
	opOpen     operation = iota + 1 // a file that the command line names, or below a folder of it
	opStat                          // of the same
	opList                          // of the same
	opLink                          // of the same
	opLstat                         // of the same
	opTreeOpen                      // of the machine that is audited
	opTreeStat
	opTreeLstat
	opTreeList
	opTreeLink
	opTreeMany // several of the five above
	opROM
	opCreate // an output
	opCommit
	opAbort
	opTPM
	opDial
	opSign
	opNVML
	opTold
	opFolder // a folder that is written to
	opChange // what is in one
	opNew    // a file in one
	opAppend // to such a file
	opEnd    // of such a file
	opLock   // one
	opLast
)

// ErrProtocol says that the other side sent what the protocol does not know. Nothing of
// it was used, and the connection is over.
var ErrProtocol = errors.New("the other process broke the protocol between the two")

// writer puts a message together.
type writer struct{ b []byte }

func (w *writer) u8(v uint8)   { w.b = append(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *writer) bytes(v []byte) {
	w.u32(uint32(len(v)))
	w.b = append(w.b, v...)
}
func (w *writer) text(v string) {
	w.u32(uint32(len(v)))
	w.b = append(w.b, v...)
}

// reader takes a message apart. After the first fault everything is zero, and done
// tells of it.
type reader struct {
	b      []byte
	broken bool
}

func (r *reader) take(n int) []byte {
	if r.broken || n < 0 || n > len(r.b) {
		r.broken = true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() uint8 {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if v := r.take(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

// bytes are at most limit bytes; they alias the message.
func (r *reader) bytes(limit int) []byte {
	n := r.u32()
	if uint64(n) > uint64(limit) {
		r.broken = true
	}
	return r.take(int(n))
}

// text is a text of at most limit bytes, without a zero byte: no path has one.
func (r *reader) text(limit int) string {
	s := string(r.bytes(limit))
	for i := range len(s) {
		if s[i] == 0 {
			r.broken = true
			return ""
		}
	}
	return s
}

// done says whether the message was whole and held nothing more.
func (r *reader) done() error {
	if r.broken || len(r.b) > 0 {
		return fmt.Errorf("%w: a message is cut or has a tail", ErrProtocol)
	}
	return nil
}

func (w *writer) flag(v bool) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}

func (r *reader) flag() bool {
	v := r.u8()
	if v > 1 {
		r.broken = true
	}
	return v == 1
}
