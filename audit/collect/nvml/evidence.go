package nvml

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Evidence is what a GPU signed of itself for a nonce. Nothing here has verified it.
type Evidence struct {
	// Report is the SPDM request and its signed answer (nvmlDeviceGetConfComputeGpuAttestationReport),
	// Chain the certificates in PEM, leaf first (nvmlDeviceGetConfComputeGpuCertificate).
	Report []byte `json:"report"`
	Chain  string `json:"chain"`
}

// Confidential is the state of confidential computing, as the driver says it. A value that
// this program does not know is kept as a number in a text.
type Confidential struct {
	// Environment is "unavailable", "sim" or "prod".
	Environment string `json:"environment"`
	Enabled     bool   `json:"enabled"`
	// DevTools says that the developer mode is on, in which memory is not protected.
	DevTools bool `json:"devtools"`
	// MultiGPU is "none", "protected-pcie" or "nvle"; nil where an old driver does not say.
	MultiGPU *string `json:"multi_gpu,omitempty"`
}

// Sizes of NVML's buffers, bytes (nvml.h). NonceBytes is the size of a nonce.
const (
	MaxReport  = 0x2000
	MaxChain   = 0x1400
	NonceBytes = 32
)

var (
	nonceForm = lazyregexp.New(`^[0-9a-f]{64}$`)
	pdiForm   = lazyregexp.New(`^[0-9A-F]{16}$`)
	modeForm  = lazyregexp.New(`^[a-z0-9-]{1,24}$`)
)

// NonceGiven is the nonce that the GPUs were asked to sign, nil for none.
func (a *Answers) NonceGiven() []byte {
	if a.Nonce == nil {
		return nil
	}
	b, err := hex.DecodeString(*a.Nonce)
	if err != nil {
		return nil // Decode refuses it
	}
	return b
}

// attestationKey is the SHA-256 of the key that signed the evidence, by the certificate
// beside it, which nobody has verified here: two cards that state one key are not two.
func (g *GPU) attestationKey() (string, error) {
	if g.Evidence == nil {
		return "", nil
	}
	chain, err := nvidia.Chain([]byte(g.Evidence.Chain))
	if err != nil {
		return "", fmt.Errorf("%w: certificates of the evidence: %w", collect.ErrMalformed, err)
	}
	sum := sha256.Sum256(chain[0].RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:]), nil
}

// checkEvidence checks the form of what GPUs signed.
func (a *Answers) checkEvidence() error {
	if a.Nonce != nil && !nonceForm.MatchString(*a.Nonce) {
		return fmt.Errorf("nonce %.80q is not 64 hexadecimal digits", *a.Nonce)
	}
	if c := a.Confidential; c != nil && (!modeForm.MatchString(c.Environment) || c.MultiGPU != nil && !modeForm.MatchString(*c.MultiGPU)) {
		return errors.New("confidential_computing: a mode is malformed")
	}
	for i := range a.GPUs {
		if err := a.GPUs[i].Evidence.check(a.Nonce); err != nil {
			return fmt.Errorf("%.40q: %w", a.GPUs[i].Address, err)
		}
	}
	return nil
}

// check checks the sizes of evidence; nil is none.
func (e *Evidence) check(nonce *string) error {
	switch {
	case e == nil:
	case nonce == nil:
		return errors.New("evidence without the nonce that it was asked for")
	case len(e.Report) == 0 || len(e.Report) > MaxReport || e.Chain == "" || len(e.Chain) > MaxChain:
		return fmt.Errorf("evidence of %d and %d bytes, at most %d and %d", len(e.Report), len(e.Chain), MaxReport, MaxChain)
	}
	return nil
}

// checkSwitches checks the form of what NVSwitches signed.
func (a *Answers) checkSwitches() error {
	if len(a.Switches) > MaxSwitches {
		return fmt.Errorf("%d switches, at most %d", len(a.Switches), MaxSwitches)
	}
	if a.SwitchesUnasked != nil && !sentence.MatchString(*a.SwitchesUnasked) {
		return fmt.Errorf("switches_unasked %.40q is malformed", *a.SwitchesUnasked)
	}
	seen := map[string]bool{}
	for i := range a.Switches {
		s := &a.Switches[i]
		if !Word.MatchString(s.UUID) || seen[s.UUID] {
			return fmt.Errorf("switch %.40q is malformed, or there twice", s.UUID)
		}
		seen[s.UUID] = true
		if err := errors.Join(s.Evidence.check(a.Nonce), checkFailures(s.Failures)); err != nil {
			return fmt.Errorf("switch %.40q: %w", s.UUID, err)
		}
	}
	return nil
}
