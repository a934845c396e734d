package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/sealed"
)

// reportLimit caps a report that is read; one of eight GPUs has some 400 KiB.
const reportLimit = 64 << 20

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
	believe *sealed.Policy
	// signed demands a signature of every input.
	signed bool
	// enumerate finds the devices of a capture.
	enumerate collect.Enumerator
}

func (a *app) storedReader(t *storedTrust, enumerate collect.Enumerator, trust string, now time.Time) (*storedReader, error) {
	switch {
	case t.signed && trust == "" && t.key == "":
		return nil, errors.New("--signed needs --trust or --key: a signature counts only with a key that you trust")
	case t.maxAge < 0:
		return nil, fmt.Errorf("--max-age: %s is no age", t.maxAge)
	case t.maxAge > 0 && trust == "" && t.key == "":
		return nil, errors.New("--max-age needs --trust or --key: the time of a report that nobody signed proves nothing")
	}
	reader := &storedReader{app: a, enumerate: enumerate, signed: t.signed || t.key != ""}
	if trust == "" && t.key == "" {
		return reader, nil
	}
	flags := reportTrust{key: t.key, now: now.Format(time.RFC3339), maxAge: t.maxAge}
	if t.key == "" {
		flags.trust = trust
	}
	p, err := flags.policy(a)
	if err != nil {
		return nil, err
	}
	reader.believe = &p
	return reader, nil
}

// inputs are the arguments, and the lines of standard input in the place of -.
func (a *app) inputs(args []string) ([]string, error) {
	i := slices.Index(args, "-")
	if i < 0 {
		return args, nil
	}
	var names []string
	lines := bufio.NewScanner(a.Stdin)
	for lines.Scan() {
		if name := lines.Text(); name != "" {
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the names of inputs: %w", err)
	}
	all := slices.Concat(args[:i], names, args[i+1:])
	switch {
	case slices.Contains(all, "-"):
		return nil, errors.New("- is given twice: standard input is read once")
	case len(all) == 0:
		return nil, errors.New("standard input names no input")
	}
	return all, nil
}

// stored is what an input holds: facts, and what was wrong when they were read.
type stored struct {
	inventory *inventory.Inventory
	problems  []report.Problem
	// signature says what became of the signature; "" where there is none.
	signature string
	// machine is a capture's, attestation what a report says of its evidence,
	// which it does not hold.
	machine     *machine
	attestation *facts.Attestation
}

func (s *stored) attest(believed *tpm.Policy, now time.Time) func(*inventory.Inventory) (*facts.Attestation, error) {
	switch {
	case s.machine != nil:
		return s.machine.attestation(believed, now)
	case s.attestation != nil:
		return func(*inventory.Inventory) (*facts.Attestation, error) { return s.attestation, nil }
	}
	return nil
}

// read reads a report, signed or not, or a capture; a report begins with a brace.
// A pipe is refused: it could be read once only, and might never end.
func (s *storedReader) read(ctx context.Context, input string) (*stored, error) {
	info, err := os.Stat(input)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", filepath.Base(input))
	}
	head, err := readHead(input)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return s.readReport(input)
	}
	if s.signed {
		return nil, unsigned(input, "a capture")
	}
	return s.readCapture(ctx, input)
}

func unsigned(input, what string) error {
	return &exitError{code: exitSignature, err: fmt.Errorf("%s: %s carries no signature, and one was asked for", filepath.Base(input), what)}
}

func (s *storedReader) readCapture(ctx context.Context, input string) (*stored, error) {
	m, err := s.app.open(ctx, &sourceFlags{capture: input}, s.app.Now().UTC())
	if err != nil {
		return nil, err
	}
	defer m.close()
	inv, err := collect.Run(ctx, m.env, s.enumerate, collectors())
	if inv == nil {
		return nil, err
	}
	st := &stored{inventory: inv, problems: m.problems, machine: m}
	if err != nil {
		st.problems = append(st.problems, report.Problem{Kind: report.ProblemInput, Input: "PCI devices", Cause: err.Error()})
	}
	return st, nil
}

// readReport takes the facts of a report, and the problems that there were with
// reading them. Its judgements are left: rules and data of today judge.
func (s *storedReader) readReport(input string) (*stored, error) {
	text, err := readFile(input, reportLimit)
	if err != nil {
		return nil, err
	}
	if isBundle(text) {
		return s.readBundle(input, text)
	}
	if s.signed {
		return nil, unsigned(input, "the report")
	}
	r, err := report.Decode(text, reportLimit)
	if err != nil {
		return nil, fmt.Errorf("%s: no report of this version of gpuaudit: %w", filepath.Base(input), err)
	}
	if r.Schema != report.Schema {
		return nil, fmt.Errorf("%s: schema %.60q, want %s", filepath.Base(input), r.Schema, report.Schema)
	}
	return factsOf(r, ""), nil
}

// isBundle says that a text is a sigstore bundle rather than a report.
func isBundle(text []byte) bool {
	return bytes.Contains(text[:min(len(text), 4096)], []byte(`"mediaType"`)) || bytes.Contains(text[:min(len(text), 4096)], []byte(`"dsseEnvelope"`))
}

func (s *storedReader) readBundle(input string, text []byte) (*stored, error) {
	if s.believe == nil {
		r, err := sealed.Unverified(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(input), err)
		}
		return factsOf(r, "not verified"), nil
	}
	if len(text) > seal.BundleLimit {
		return nil, fmt.Errorf("%s: larger than %d bytes", filepath.Base(input), seal.BundleLimit)
	}
	v, err := sealed.Verify(text, *s.believe)
	if err != nil {
		return nil, &exitError{code: exitSignature, err: fmt.Errorf("%s: %w", filepath.Base(input), err)}
	}
	return factsOf(v.Report, strings.TrimSuffix("verified: "+v.Signer, ": ")), nil
}

func factsOf(r *report.Report, signature string) *stored {
	s := &stored{inventory: &r.Inventory, attestation: r.Attestation, signature: signature}
	for _, p := range r.Problems {
		if p.Kind == report.ProblemInput || p.Kind == report.ProblemCoverage {
			s.problems = append(s.problems, p)
		}
	}
	return s
}
