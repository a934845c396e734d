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
		e := a.GPUs[i].Evidence
		switch {
		case e == nil:
		case a.Nonce == nil:
			return fmt.Errorf("%.40q: evidence without the nonce that it was asked for", a.GPUs[i].Address)
		case len(e.Report) == 0 || len(e.Report) > MaxReport || e.Chain == "" || len(e.Chain) > MaxChain:
			return fmt.Errorf("%.40q: evidence of %d and %d bytes, at most %d and %d", a.GPUs[i].Address, len(e.Report), len(e.Chain), MaxReport, MaxChain)
		}
	}
	return nil
}
