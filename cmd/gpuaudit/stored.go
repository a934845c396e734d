package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// keptBytes are how much of the facts of a fleet, packed, is kept in memory between the
// two times that they are asked for: those of some 100,000 machines. What there is no room
// for is read, and verified, twice.
const keptBytes = 48 << 20

// largeRoom is up to which size the memory for a file is kept for the next one.
const largeRoom = 4 << 20

// storedTrust are the flags that say whose stored reports are believed.
type storedTrust struct {
	key    string
	signed bool
	maxAge time.Duration
}

func (t *storedTrust) register(flags *pflag.FlagSet) {
	flags.StringVar(&t.key, "key", "", "public key: every input has to be a report that its holder signed")
	flags.BoolVar(&t.signed, "signed", false, "every input has to be a report that somebody in the --trust file signed")
	flags.DurationVar(&t.maxAge, "max-age", 0, "refuse a signed report that is older, such as 720h; 0 takes any age")
}

// storedReader reads stored reports and captures. It is safe for concurrent use.
type storedReader struct {
	app *app
	// believe is nil where nobody said whom to believe.
	believe *signed.Policy
	// signed demands a signature of every input.
	signed bool
	// enumerate finds the devices of a capture.
	enumerate collect.Enumerator

	mu   sync.Mutex
	kept map[string]inputKept
	room int // what is left of keptBytes
	// texts are the facts of the reports that are kept.
	texts fleet.Texts
	// rooms is memory for files, for as many as are read at a time.
	rooms sync.Pool
}

func (a *app) storedReader(t *storedTrust, enumerate collect.Enumerator, trust *reference.Trust, root string, now time.Time) (*storedReader, error) {
	switch {
	case t.signed && trust == nil && t.key == "":
		return nil, errors.New("--signed needs --trust or --key: a signature counts only with a key that you trust")
	case t.maxAge < 0:
		return nil, fmt.Errorf("--max-age: %s is no age", t.maxAge)
	case t.maxAge > 0 && trust == nil && t.key == "":
		return nil, errors.New("--max-age needs --trust or --key: the time of a report that nobody signed proves nothing")
	}
	reader := &storedReader{app: a, enumerate: enumerate, signed: t.signed || t.key != "", room: keptBytes}
	if trust == nil && t.key == "" {
		return reader, nil
	}
	flags := reportTrust{key: t.key, root: root, now: clockFlag(now.Format(time.RFC3339)), maxAge: t.maxAge}
	p, err := flags.policy(a)
	if err != nil {
		return nil, err
	}
	if t.key == "" {
		if p.Trust, err = trust.Parse(); err != nil {
			return nil, err
		}
	}
	reader.believe = &p
	return reader, nil
}

// stored is what an input holds: facts, and what was wrong when they were read.
type stored struct {
	audit.Case
	// signature says what became of the signature; "" where there is none.
	signature string
	// once says that the input cannot be read again.
	once bool
	// facts is the text of a report's facts, nil of a capture.
	facts []byte
}

// openStored opens a stored file, once, and says what it holds. A capture is read on
// from the file, which the caller closes.
func openStored(name string) (*signed.File, fs.File, error) { return openStoredInto(nil, name) }

// openStoredInto opens a stored file as openStored does, into the memory of room.
func openStoredInto(room []byte, name string) (*signed.File, fs.File, error) {
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

// readStored reads the report that is stored in a file. Where p says whom to believe,
// only what is signed and verifies is a report: all else is a signature that does not
// verify.
func readStored(name string, p *signed.Policy) (*signed.Stored, error) {
	file, f, err := openStored(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if p != nil {
		if err := file.Unsigned(); err != nil {
			return nil, unverified(name, err)
		}
	}
	s, err := file.Report(p)
	switch {
	case err != nil && p != nil:
		return nil, unverified(name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func unverified(name string, err error) error {
	return fault.AsSignature(fmt.Errorf("%s: %w", name, err))
}

// read reads a report, signed or not, or a capture, or hands out what was kept of it.
func (s *storedReader) read(ctx context.Context, input string) (*stored, error) {
	if k, ok := s.take(input); ok {
		return s.again(k)
	}
	room, _ := s.rooms.Get().([]byte)
	file, f, err := openStoredInto(room, input)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := s.readFile(ctx, input, file)
	if room := file.Room(); cap(room) <= largeRoom {
		s.rooms.Put(room)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	st.once = err != nil || !info.Mode().IsRegular()
	return st, nil
}

func (s *storedReader) readFile(ctx context.Context, input string, file *signed.File) (*stored, error) {
	if s.signed {
		if err := file.Unsigned(); err != nil {
			return nil, unverified(input, err)
		}
	}
	if file.Kind == signed.KindCapture {
		return s.readCapture(ctx, input, file.Archive)
	}
	got, err := file.OnlyFacts(s.believe)
	switch {
	case err != nil && file.Kind == signed.KindBundle && s.believe != nil:
		return nil, unverified(input, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", input, err)
	}
	st := factsOf(got.Report, "")
	st.facts = got.Facts
	switch {
	case got.Verified != nil:
		st.signature = strings.TrimSuffix("verified: "+got.Verified.Signer, ": ")
	case got.Signed:
		st.signature = "not verified"
	}
	return st, nil
}

// inputKept is what reading an input gave: the facts of a report packed, with what became
// of its signature.
type inputKept struct {
	stored    *stored
	err       error
	packed    []byte
	signature string
}

// keep keeps what reading an input gave for the second time that it is asked for: that
// it could not be read, what can be read once only, such as a pipe, and the facts of as
// many reports as there is room for. Captures are read again: they are large in memory.
func (s *storedReader) keep(input string, st *stored, err error) {
	k := inputKept{stored: st, err: err}
	if st != nil && st.facts != nil {
		packed, err := s.texts.Pack(st.facts)
		if err == nil {
			k = inputKept{packed: packed, signature: st.signature}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case st == nil || st.once:
	case k.packed == nil || len(k.packed) > s.room:
		return
	default:
		s.room -= len(k.packed)
	}
	if s.kept == nil {
		s.kept = map[string]inputKept{}
	}
	s.kept[input] = k
}

// take hands out what was kept, once.
func (s *storedReader) take(input string) (inputKept, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.kept[input]
	delete(s.kept, input)
	return k, ok
}

// again makes of what was kept what reading the input gave.
func (s *storedReader) again(k inputKept) (*stored, error) {
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
	return factsOf(r, k.signature), nil
}

func (s *storedReader) readCapture(ctx context.Context, input string, archive io.Reader) (*stored, error) {
	m, err := machine.ReadCapture(input, archive, s.app.opening(s.app.Now().UTC()))
	if err != nil {
		return nil, err
	}
	defer m.Close()
	c, err := audit.Gather(ctx, m, s.enumerate)
	return &stored{Case: c}, err
}

// factsOf takes the facts of a report, and the problems that there were with reading
// them. Its judgements are left: rules and data of today judge.
func factsOf(r *report.Report, signature string) *stored {
	s := &stored{Case: audit.Case{Inventory: &r.Inventory, Attestation: r.Attestation, GPUProof: r.GPUProof}, signature: signature}
	for _, p := range r.Problems {
		if p.Kind == report.ProblemInput || p.Kind == report.ProblemCoverage {
			s.Problems = append(s.Problems, p)
		}
	}
	return s
}
