package audit

import (
	"context"
	"encoding/hex"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// proveGPUs says how what GPUs signed is held against the facts; nil where nobody asked
// them, and the answers of their library bring nothing.
func (a *Audit) proveGPUs(answers *nvml.Answers, missing func() string) func(*inventory.Inventory, *facts.Attestation) (*facts.GPUProof, error) {
	if !a.asksGPUs(answers) {
		return nil
	}
	in := gpuproof.Input{Believed: a.gpus, Answers: answers, Nonce: a.believed.Nonce, From: facts.NonceVerifier}
	if answers == nil {
		in.Missing = missing()
	}
	return func(inv *inventory.Inventory, at *facts.Attestation) (*facts.GPUProof, error) {
		if at != nil {
			in.AKName, _ = hex.DecodeString(at.AKName)
			if in.Nonce == nil && at.Nonce != "" {
				in.Nonce, _ = hex.DecodeString(at.Nonce)
				in.From = at.NonceFrom
			}
			in.TPM = at.State
		}
		return gpuproof.Verify(in, inv)
	}
}

// answersOf are the answers of NVIDIA's library, nil for none. What does not parse is a gap
// of the collector's, and no evidence.
func answersOf(text []byte) *nvml.Answers {
	if text == nil {
		return nil
	}
	a, err := nvml.Decode(text)
	if err != nil {
		return nil
	}
	return a
}

// asksGPUs says that GPUs were asked to prove themselves: by this audit, or before, by
// whoever recorded the answers of their library.
func (a *Audit) asksGPUs(answers *nvml.Answers) bool {
	return a.in.GPU.Any() || answers != nil && answers.Nonce != nil
}

// asksTPM says that whoever asks wants an answer of the machine's TPM: one that gave none is
// then said to be silent. A nonce and nothing else is for whoever was asked: for the GPUs
// where they were, by this audit or by whoever recorded their answers, and else for the TPM.
// Evidence of a TPM that a capture holds is verified in any case, for the same nonce.
func (a *Audit) asksTPM(answers *nvml.Answers) bool {
	if a.in.TPM.NonceAlone() {
		return !a.asksGPUs(answers)
	}
	return a.in.TPM.Asked()
}

// unanswered is why there are no answers of NVIDIA's library.
func unanswered(ctx context.Context, m *machine.Machine) string {
	if m.Env.NVML == nil {
		return "NVIDIA's library was not asked: gpuaudit-nvml is not installed, or no card is run by NVIDIA's driver"
	}
	if _, err := m.Env.NVML(ctx); err != nil {
		return string(collect.ReasonOf(err))
	}
	return "the answers of NVIDIA's library are malformed"
}
