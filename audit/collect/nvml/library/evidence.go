package library

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
)

// report is nvmlConfComputeGpuAttestationReport_t.
type report struct {
	HasCEC        uint32 // whether the report of a controller beside the GPU is there, too
	Size, SizeCEC uint32
	Nonce         [nvml.NonceBytes]byte
	Report        [nvml.MaxReport]byte
	ReportCEC     [0x1000]byte
	_             [64]byte // not of the type: for one that grew
}

// certificate is nvmlConfComputeGpuCertificate_t. Chain is the certificates of the device,
// Attestation those of the key that signs reports.
type certificate struct {
	ChainSize, AttestationSize uint32
	Chain                      [0x1000]byte
	Attestation                [nvml.MaxChain]byte
	_                          [64]byte // not of the type: for one that grew
}

// pdi is nvmlPdi_v1_t; its version holds the size of what C has of it.
type pdi struct {
	Version uint32
	_       uint32
	Value   uint64
	_       [64]byte
}

// settings is nvmlSystemConfComputeSettings_v1_t.
type settings struct {
	Version, Environment, Feature, DevTools, MultiGPU uint32
	_                                                 [64]byte
}

// state is nvmlConfComputeSystemState_t.
type state struct {
	Environment, Feature, DevTools uint32
	_                              [64]byte
}

// What C has of pdi and settings, bytes.
const pdiBytes, settingsBytes = 16, 20

// versioned is a structure's version as NVML writes it (NVML_STRUCT_VERSION).
func versioned(bytes, version uint32) uint32 { return bytes | version<<24 }

// prove asks a GPU to sign what it measured.
func (lib *functions) prove(handle uintptr, g *nvml.GPU, nonce []byte) {
	e, err := lib.evidence(handle, nonce)
	g.Evidence = e
	fail(g, "evidence", err)
}

func (lib *functions) evidence(handle uintptr, nonce []byte) (*nvml.Evidence, error) {
	if lib.report == nil || lib.certificate == nil {
		return nil, errMissing
	}
	r := &report{}
	copy(r.Nonce[:], nonce)
	if err := code(lib.report(handle, r)); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if r.Size == 0 || r.Size > nvml.MaxReport {
		return nil, fmt.Errorf("%w: a report of %d bytes, at most %d", collect.ErrMalformed, r.Size, nvml.MaxReport)
	}
	c := &certificate{}
	if err := code(lib.certificate(handle, c)); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if c.AttestationSize == 0 || c.AttestationSize > nvml.MaxChain {
		return nil, fmt.Errorf("%w: certificates of %d bytes, at most %d", collect.ErrMalformed, c.AttestationSize, nvml.MaxChain)
	}
	// The text may end before its size says.
	chain, _, _ := bytes.Cut(c.Attestation[:c.AttestationSize], []byte{0})
	return &nvml.Evidence{Report: bytes.Clone(r.Report[:r.Size]), Chain: string(chain)}, nil
}

// chipID asks for the chip's id. Drivers before 580 do not know it.
func (lib *functions) chipID(handle uintptr, g *nvml.GPU) {
	p := &pdi{Version: versioned(pdiBytes, 1)}
	err := errMissing
	if lib.pdi != nil {
		err = code(lib.pdi(handle, p))
	}
	if err == nil && p.Value != 0 {
		g.PDI = new(fmt.Sprintf("%016X", p.Value))
	}
	if err != nil && g.Evidence != nil { // asked for the sake of the evidence alone
		fail(g, "pdi", err)
	}
}

// confidential asks for the state of confidential computing; nil where the library has
// none. Older drivers know less of it.
func (lib *functions) confidential() *nvml.Confidential {
	s := &settings{Version: versioned(settingsBytes, 1)}
	if lib.settings != nil && lib.settings(s) == 0 {
		return &nvml.Confidential{Environment: mode(s.Environment, environments), Enabled: s.Feature == 1, DevTools: s.DevTools != 0, MultiGPU: new(mode(s.MultiGPU, multiGPU))}
	}
	old := &state{}
	if lib.state != nil && lib.state(old) == 0 {
		return &nvml.Confidential{Environment: mode(old.Environment, environments), Enabled: old.Feature == 1, DevTools: old.DevTools != 0}
	}
	return nil
}

// Values of nvml.h: NVML_CC_SYSTEM_ENVIRONMENT_* and NVML_CC_SYSTEM_MULTIGPU_*.
var (
	environments = []string{"unavailable", "sim", "prod"}
	multiGPU     = []string{"none", "protected-pcie", "nvle"}
)

func mode(n uint32, names []string) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("mode-%d", n)
}

// ParseNonce reads a nonce of 64 hexadecimal digits.
func ParseNonce(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != nvml.NonceBytes {
		return nil, fmt.Errorf("a nonce has %d hexadecimal digits", 2*nvml.NonceBytes)
	}
	return b, nil
}
