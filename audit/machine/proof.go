package machine

import (
	"io/fs"
	"time"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// EventLog is where Linux shows the event log of the machine's start.
const EventLog = "/sys/kernel/security/tpm0/binary_bios_measurements"

// TPM says how this machine's TPM is asked.
type TPM struct {
	// Device is its device, or the unix socket of a software TPM.
	Device string
	// Nonce is the verifier's; without one the evidence shows to nobody how fresh it is.
	Nonce []byte
	// Certificates lead from the TPM's to its vendor's root; they go into the evidence.
	Certificates [][]byte
}

// Proof is what a TPM says of the machine that facts were read of.
type Proof struct {
	// Evidence is the text of an evidence file; nil where there is none, and Missing
	// says why.
	Evidence []byte
	Missing  error
	// Recording is the digest of everything that the facts were read from; nil where it
	// is not known.
	Recording []byte
	// Collected is when the facts were gathered.
	Collected time.Time
}

// Proves says that somebody asked for a proof, or that a capture brings one.
func (m *Machine) Proves() bool { return m.evidence != nil }

// ProveBy lets evidence speak that was given beside the machine; with nil there is
// none, and the report says so.
func (m *Machine) ProveBy(evidence []byte) {
	m.evidence = func() ([]byte, error) {
		if evidence == nil {
			return nil, fs.ErrNotExist
		}
		return evidence, nil
	}
}

// Forget leaves evidence aside that a capture brings.
func (m *Machine) Forget() { m.evidence = nil }

// Proof is what the TPM says, after the facts were read; nil where nobody asked.
func (m *Machine) Proof() (*Proof, error) {
	if m.evidence == nil {
		return nil, nil
	}
	p := &Proof{Collected: m.Env.Now}
	var err error
	if m.recording != nil {
		if p.Recording, err = m.recording(); err != nil {
			return nil, err
		}
	}
	if p.Evidence, p.Missing = m.evidence(); p.Missing != nil {
		p.Evidence = nil
	}
	return p, nil
}

// Record keeps what collectors read, for a capture, and for a TPM's quote to cover it.
func (m *Machine) Record(tool string) *capture.Recorder {
	recorder := capture.NewRecorder(m.Env)
	m.Env = recorder.Env()
	m.recording = func() ([]byte, error) { return recorder.Digest(capture.Options{Tool: tool}) }
	return recorder
}

// Cover lets the quote of this machine's TPM cover what collectors are going to read.
func (m *Machine) Cover(tool string) {
	if m.asks {
		m.Record(tool)
	}
}

// Evidence is that of the TPM alone, as a capture keeps it.
func (m *Machine) Evidence() ([]byte, error) { return m.evidence() }

// prove opens the TPM: this process will soon lose the right to open anything. One
// that cannot be opened has given no evidence.
func (m *Machine) prove(t *TPM, a *Access) {
	m.asks = true
	nonce := t.Nonce
	if nonce == nil {
		nonce = tpm.NewNonce()
	}
	open := func() (transport.TPMCloser, error) { return tpm.Open(t.Device) }
	if a != nil {
		open = a.TPM
	}
	dev, err := open()
	if err != nil {
		m.evidence = func() ([]byte, error) { return nil, err }
		return
	}
	m.close = append([]func(){func() { dev.Close() }}, m.close...)
	m.evidence = func() ([]byte, error) {
		digest, err := m.recording()
		if err != nil {
			return nil, err
		}
		r := tpm.Request{Nonce: nonce, ReportDigest: digest, Certificates: t.Certificates}
		// Its absence is a gap of the facts already, and stays unknown here.
		r.EventLog, _ = collect.Read(m.Env.FS, EventLog[1:], eventlog.MaxBytes)
		e, err := tpm.Collect(dev, r)
		if err != nil {
			return nil, err
		}
		return e.Marshal()
	}
}
