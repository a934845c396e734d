package main

import (
	"context"
	"crypto/sha256"
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
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// keptBytes are how much of the reports of a fleet, as they are stored, is kept in
// memory between the two readings, so that a small fleet is decoded once.
const keptBytes = 16 << 20

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
	// sums are those of the reports that were read and not kept.
	sums map[string][sha256.Size]byte
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
	// capture says that it was read from one, size is that of a report's text, and once
	// says that the input cannot be read again.
	capture, once bool
	size          int
	sum           [sha256.Size]byte // of a report's file
}

// openStored opens a stored file, once, and says what it holds. A capture is read on
// from the file, which the caller closes.
func openStored(name string) (*signed.File, fs.File, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, nil, err
	}
	file, err := signed.Load(f)
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
		return k.stored, k.err
	}
	file, f, err := openStored(input)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := s.readFile(ctx, input, file)
	if err != nil {
		return nil, err
	}
	st.size = file.Size()
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
	sum := file.Sum()
	got, err := file.Facts(s.believe, s.wasRead(input, sum))
	switch {
	case err != nil && file.Kind == signed.KindBundle && s.believe != nil:
		return nil, unverified(input, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", input, err)
	}
	st := factsOf(got.Report, "")
	st.sum = sum
	switch {
	case got.Verified != nil:
		st.signature = strings.TrimSuffix("verified: "+got.Verified.Signer, ": ")
	case got.Signed:
		st.signature = "not verified"
	}
	return st, nil
}

// wasRead says that the input was read before, and held the same bytes.
func (s *storedReader) wasRead(input string, sum [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.sums[input]
	return ok && before == sum
}

// inputKept is what reading an input gave.
type inputKept struct {
	stored *stored
	err    error
}

// keep keeps what reading an input gave for the second time that it is asked for: that
// it could not be read, what can be read once only, such as a pipe, and as many reports
// as there is room for. Captures are read again: they are large in memory.
func (s *storedReader) keep(input string, st *stored, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st != nil && !st.once {
		if st.capture {
			return
		}
		if st.size > s.room {
			if s.sums == nil {
				s.sums = map[string][sha256.Size]byte{}
			}
			s.sums[input] = st.sum
			return
		}
		s.room -= st.size
	}
	if s.kept == nil {
		s.kept = map[string]inputKept{}
	}
	s.kept[input] = inputKept{st, err}
}

// take hands out what was kept, once.
func (s *storedReader) take(input string) (inputKept, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.kept[input]
	delete(s.kept, input)
	return k, ok
}

func (s *storedReader) readCapture(ctx context.Context, input string, archive io.Reader) (*stored, error) {
	m, err := machine.ReadCapture(input, archive, s.app.opening(s.app.Now().UTC()))
	if err != nil {
		return nil, err
	}
	defer m.Close()
	c, err := audit.Gather(ctx, m, s.enumerate)
	return &stored{Case: c, capture: true}, err
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
