package report

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// proofsLine says in a line what GPUs prove of themselves, beside what the TPM proves, nil
// where nobody asked it.
func proofsLine(p *facts.GPUProof, boot *facts.Attestation) message.Said {
	parts := []message.Said{message.Say("proof.state", message.Params{"state": message.Word("attestation.", string(p.State)), "reason": p.Reason})}
	if p.State == facts.AttestationAbsent {
		return parts[0]
	}
	if p.NonceFrom == facts.NonceVerifier {
		parts = append(parts, message.Say("boot.nonce_verifier", nil))
	} else {
		parts = append(parts, message.Say("boot.nonce_own", nil))
	}
	switch {
	case p.Bound == "":
	case boot != nil && boot.State == facts.AttestationVerified:
		parts = append(parts, message.Say("proof.bound", nil))
	default:
		parts = append(parts, message.Say("proof.bound_unproven", nil))
	}
	if c := p.Collateral; c != nil {
		parts = append(parts, message.Say("proof.collateral", message.Params{"digest": fmt.Sprintf("%.16s", c.SHA256), "day": c.Packed}))
	}
	return message.Say("boot", message.Params{"parts": parts})
}

// proofLine says what the card at an address proves; "" where there is nothing to say.
func proofLine(p *facts.GPUProof, address string) string {
	if p == nil {
		return ""
	}
	if d := p.Of(address); d != nil {
		return d.Summary
	}
	return ""
}
