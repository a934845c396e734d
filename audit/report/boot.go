package report

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
)

// bootLine says in a line what the TPM proves.
func bootLine(a *facts.Attestation) string {
	parts := []string{"attestation " + string(a.State) + " (" + a.Reason + ")"}
	if len(a.EKRoots) > 0 {
		parts = append(parts, "TPM vouched for by "+strings.Join(a.EKRoots, ", "))
	}
	switch {
	case a.State == facts.AttestationAbsent:
	case a.NonceFrom == facts.NonceVerifier:
		parts = append(parts, "for the verifier's nonce")
	default:
		parts = append(parts, "for a nonce of its own, which proves no freshness")
	}
	if b := a.Boot; b != nil {
		state := "not logged"
		if b.SecureBoot != nil {
			state = map[bool]string{true: "on", false: "off"}[*b.SecureBoot]
		}
		parts = append(parts, "Secure Boot measured "+state, "option-ROM verification "+b.OptionROMVerification)
	}
	return strings.Join(parts, "; ")
}

// ranLine says of a card's drivers how they fit what firmware ran; "" where
// there is nothing to say.
func ranLine(a *facts.Attestation, address string) string {
	if a == nil || a.Boot == nil {
		return ""
	}
	var parts []string
	for _, d := range a.Boot.Drivers {
		if d.Device != address {
			continue
		}
		text := d.Verdict
		if d.Digest != "" {
			text += fmt.Sprintf(" (driver sha256 %.16s…)", d.Digest)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func attestationState(r *Report) string {
	if r.Attestation == nil {
		return ""
	}
	return string(r.Attestation.State)
}
