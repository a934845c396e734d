package report

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
)

// proofsLine says in a line what GPUs prove of themselves.
func proofsLine(p *facts.GPUProof) string {
	parts := []string{"proof " + string(p.State) + " (" + p.Reason + ")"}
	if p.State == facts.AttestationAbsent {
		return parts[0]
	}
	if p.NonceFrom == facts.NonceVerifier {
		parts = append(parts, "for the verifier's nonce")
	} else {
		parts = append(parts, "for a nonce of its own, which proves no freshness")
	}
	if p.Bound != "" {
		parts = append(parts, "asked together with this machine's TPM")
	}
	if c := p.Collateral; c != nil {
		parts = append(parts, fmt.Sprintf("held against collateral %.16s… of %s", c.SHA256, c.Packed))
	}
	return strings.Join(parts, "; ")
}

// proofLine says what the card at an address proves; "" where there is nothing to say.
func proofLine(p *facts.GPUProof, address string) string {
	if p == nil {
		return ""
	}
	for i := range p.Devices {
		if d := &p.Devices[i]; d.Address == address {
			return d.Summary
		}
	}
	return ""
}
