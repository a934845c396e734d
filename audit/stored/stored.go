// Package stored reads what was stored of machines: reports, signed or not, and captures. It
// judges nothing; a fleet is read twice, and what there is room for is read once.
package stored

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// Room is how much of the facts of a fleet, packed, is kept in memory between the
// two times that they are asked for: those of some 100,000 machines. What there is no room
// for is read, and verified, twice.
const Room = 48 << 20

// largeRoom is up to which size the memory for a file is kept for the next one.
const largeRoom = 4 << 20

// Reader reads stored reports and captures. It is safe for concurrent use.
type Reader struct {
	// Believe is nil where nobody said whom to believe.
	Believe *signed.Policy
	// Signed demands a signature of every input.
	Signed bool
	// Enumerate finds the devices of a capture, and Opening is how one is opened.
	Enumerate collect.Enumerator
	Opening   func() machine.Options
	// Room is how many bytes of facts may still be kept, see [Room].
	Room int

	mu   sync.Mutex
	kept map[string]inputKept
	// texts are the facts of the reports that are kept.
	texts fleet.Texts
	// rooms is memory for files, for as many as are read at a time.
	rooms sync.Pool
}

// Input is what an input holds: facts, and what was wrong when they were read.
type Input struct {
	audit.Case
	// Signature says what became of the signature; "" where there is none.
	Signature string
	// once says that the input cannot be read again.
	once bool
	// facts is the text of a report's facts, nil of a capture.
	facts []byte
}

// Open opens a stored file, once, and says what it holds. A capture is read on
// from the file, which the caller closes.
func Open(name string) (*signed.File, fs.File, error) { return openInto(nil, name) }

// openInto opens a stored file as Open does, into the memory of room.
func openInto(room []byte, name string) (*signed.File, fs.File, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, nil, err
	}
	file, err := signed.LoadInto(room, f)
	if err != nil {
		f.Close()
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err
		}
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	return file, f, nil
}

// Report reads the report that is stored in a file. Where p says whom to believe,
// only what is signed and verifies is a report: all else is a signature that does not
// verify.
func Report(name string, p *signed.Policy) (*signed.Stored, error) {
	file, f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if p != nil {
		if err := file.Unsigned(); err != nil {
			return nil, Unverified(name, err)
		}
	}
	s, err := file.Report(p)
	switch {
	case err != nil && p != nil:
		return nil, Unverified(name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// Unverified says of an input that it has no signature that counts.
func Unverified(name string, err error) error {
	return fault.AsSignature(fmt.Errorf("%s: %w", name, err))
}

// Read reads a report, signed or not, or a capture, or hands out what was kept of it.
func (s *Reader) Read(ctx context.Context, input string) (*Input, error) {
	if k, ok := s.take(input); ok {
		return s.again(k)
	}
	room, _ := s.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	file, f, err := openInto(*room, input)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := s.readFile(ctx, input, file)
	if *room = file.Room(); cap(*room) <= largeRoom {
		s.rooms.Put(room)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	st.once = err != nil || !info.Mode().IsRegular()
	return st, nil
}

func (s *Reader) readFile(ctx context.Context, input string, file *signed.File) (*Input, error) {
	if s.Signed {
		if err := file.Unsigned(); err != nil {
			return nil, Unverified(input, err)
		}
	}
	if file.Kind == signed.KindCapture {
		return s.readCapture(ctx, input, file.Archive)
	}
	got, err := file.OnlyFacts(s.Believe)
	switch {
	case err != nil && file.Kind == signed.KindBundle && s.Believe != nil:
		return nil, Unverified(input, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", input, err)
	}
	st := Facts(got.Report, "")
	st.facts = got.Facts
	switch {
	case got.Verified != nil:
		st.Signature = strings.TrimSuffix("verified: "+got.Verified.Signer, ": ")
	case got.Signed:
		st.Signature = "not verified"
	}
	return st, nil
}

// inputKept is what reading an input gave: the facts of a report packed, with what became
// of its signature.
type inputKept struct {
	stored    *Input
	err       error
	packed    []byte
	signature string
}

// Keep keeps what reading an input gave for the second time that it is asked for: that
// it could not be read, what can be read once only, such as a pipe, and the facts of as
// many reports as there is room for. Captures are read again: they are large in memory.
func (s *Reader) Keep(input string, st *Input, err error) {
	k := inputKept{stored: st, err: err}
	if st != nil && st.facts != nil {
		packed, err := s.texts.Pack(st.facts)
		if err == nil {
			k = inputKept{packed: packed, signature: st.Signature}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case st == nil || st.once:
	case k.packed == nil || len(k.packed) > s.Room:
		return
	default:
		s.Room -= len(k.packed)
	}
	if s.kept == nil {
		s.kept = map[string]inputKept{}
	}
	s.kept[input] = k
}

// take hands out what was kept, once.
func (s *Reader) take(input string) (inputKept, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.kept[input]
	delete(s.kept, input)
	return k, ok
}

// again makes of what was kept what reading the input gave.
func (s *Reader) again(k inputKept) (*Input, error) {
	if k.packed == nil {
		return k.stored, k.err
	}
	text, err := s.texts.Unpack(k.packed)
	if err != nil {
		return nil, fmt.Errorf("unpack what was read: %w", err)
	}
	r, err := report.DecodeGathered(text)
	if err != nil {
		return nil, fmt.Errorf("read again: %w", err)
	}
	return Facts(r, k.signature), nil
}

func (s *Reader) readCapture(ctx context.Context, input string, archive io.Reader) (*Input, error) {
	m, err := machine.ReadCapture(input, archive, s.Opening())
	if err != nil {
		return nil, err
	}
	defer m.Close()
	c, err := audit.Gather(ctx, m, s.Enumerate)
	return &Input{Case: c}, err
}

// Facts takes the facts of a report, and the problems that there were with reading
// them. Its judgements are left: rules and data of today judge.
func Facts(r *report.Report, signature string) *Input {
	s := &Input{Case: audit.Case{Inventory: &r.Inventory, Attestation: r.Attestation, GPUProof: r.GPUProof}, Signature: signature}
	for _, p := range r.Problems {
		if p.Kind == report.ProblemInput || p.Kind == report.ProblemCoverage {
			s.Problems = append(s.Problems, p)
		}
	}
	return s
}

// Fleet reads all inputs for their ids, where there is more than one. What is read
// is kept for judging it, as far as there is room.
func (s *Reader) Fleet(ctx context.Context, inputs []string) (*fleet.Fleet, error) {
	all := fleet.New()
	if len(inputs) < 2 {
		return all, nil
	}
	type answer struct {
		input string
		ids   *fleet.IDs
	}
	for got := range fleet.Ordered(inputs, func(input string) answer {
		st, err := s.Read(ctx, input)
		s.Keep(input, st, err)
		if err != nil {
			return answer{input, nil}
		}
		return answer{input, fleet.IDsOf(st.Inventory, len(st.Problems) == 0)}
	}) {
		if err := all.Add(got.input, got.ids); err != nil {
			return nil, fmt.Errorf("%s %w", got.input, err)
		}
	}
	return all, nil
}
