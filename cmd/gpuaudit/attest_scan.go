package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// evidenceFlags say where the evidence of the machine's TPM comes from.
type evidenceFlags struct {
	attest, device, nonce, file string
	// asked says that the user named a nonce or a key, and so wants an answer.
	asked bool
}

func (f *evidenceFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.attest, "attest", "", "tpm: let this machine's TPM prove how it was booted (needs root)")
	flags.StringVar(&f.device, "tpm", tpm.DefaultDevice, "TPM device, or the unix socket of a software TPM")
	flags.StringVar(&f.nonce, "nonce", "", "the verifier's nonce, 16 to 64 bytes in hexadecimal; without one the evidence shows to nobody how fresh it is")
}

// open finds the evidence, or makes the TPM ready to give it: this process will
// soon lose the right to open anything.
func (f *evidenceFlags) open(m *machine, source *sourceFlags, issuers [][]byte) error {
	if f.nonce != "" {
		if _, err := parseNonce(f.nonce); err != nil {
			return err
		}
	}
	elsewhere := source.capture != "" || source.root != ""
	switch {
	case f.attest != "" && f.attest != "tpm":
		return fmt.Errorf("--attest %s: unknown, use tpm", f.attest)
	case f.attest != "" && f.file != "":
		return errors.New("--attest and --evidence exclude each other")
	case f.attest != "" && elsewhere:
		return errors.New("--attest works on the running machine only; a capture that was made with --attest brings its evidence, and --evidence names a file of it")
	case f.file != "":
		text, err := readFile(f.file, tpm.EvidenceLimit)
		if err != nil {
			return fmt.Errorf("--evidence: %w", err)
		}
		m.evidence = func() ([]byte, error) { return text, nil }
	case f.attest != "":
		return f.openTPM(m, issuers)
	case f.asked && m.evidence == nil:
		m.evidence = func() ([]byte, error) { return nil, fs.ErrNotExist }
	}
	return nil
}

func (f *evidenceFlags) openTPM(m *machine, issuers [][]byte) error {
	nonce := make([]byte, 32)
	if f.nonce == "" {
		if _, err := rand.Read(nonce); err != nil {
			return err
		}
	} else {
		nonce, _ = hex.DecodeString(f.nonce)
	}
	dev, err := tpm.Open(f.device)
	if err != nil {
		m.evidence = func() ([]byte, error) { return nil, err }
		return nil
	}
	before := m.close
	m.close = func() { dev.Close(); before() }
	m.evidence = func() ([]byte, error) {
		digest, err := m.recording()
		if err != nil {
			return nil, err
		}
		r := tpm.Request{Nonce: nonce, ReportDigest: digest, Certificates: issuers}
		// Its absence is a gap of the facts already, and stays unknown here.
		r.EventLog, _ = collect.Read(m.env.FS, defaultEventLog[1:], eventlog.MaxBytes)
		e, err := tpm.Collect(dev, r)
		if err != nil {
			return nil, err
		}
		return e.Marshal()
	}
	return nil
}

// record keeps what the collectors read, for the TPM's quote to cover it.
func (m *machine) record() *capture.Recorder {
	recorder := capture.NewRecorder(m.env)
	m.env = recorder.Env()
	m.recording = func() ([]byte, error) { return recorder.Digest(capture.Options{Tool: tool().Version}) }
	return recorder
}

// attestation is how the evidence of a machine is verified and held against its
// facts; nil where nobody asked for any.
func (m *machine) attestation(p *tpm.Policy, now time.Time) func(*inventory.Inventory) (*facts.Attestation, error) {
	if m.evidence == nil {
		return nil
	}
	return func(inv *inventory.Inventory) (*facts.Attestation, error) {
		q := boot.Input{Policy: *p, Collected: m.env.Now}
		q.Policy.Now = now
		var err error
		if m.recording != nil {
			if q.Recording, err = m.recording(); err != nil {
				return nil, err
			}
		}
		if q.Evidence, err = m.evidence(); err != nil {
			q.Evidence, q.Missing = nil, collect.ReasonOf(err)
		}
		return boot.Verify(q, inv)
	}
}

// reattest verifies the evidence of a capture as a report says it was verified:
// with its nonce, if a verifier gave it. A report that was made without
// attestation is judged again without.
func reattest(r *report.Report, m *machine, trust *tpmTrust) (func(*inventory.Inventory) (*facts.Attestation, error), error) {
	if r.Attestation == nil {
		return nil, nil
	}
	believed, err := trust.policy()
	if err != nil {
		return nil, err
	}
	if r.Attestation.NonceFrom == facts.NonceVerifier {
		if believed.Nonce, err = parseNonce(r.Attestation.Nonce); err != nil {
			return nil, err
		}
	}
	if m.evidence == nil {
		m.evidence = func() ([]byte, error) { return nil, fs.ErrNotExist }
	}
	return m.attestation(believed, r.Now), nil
}
