package report

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// bootLine says in a line what the TPM proves.
func bootLine(a *facts.Attestation) message.Said {
	parts := []message.Said{message.Say("boot.attestation", message.Params{"state": message.Word("attestation.", string(a.State)), "reason": a.Reason})}
	if len(a.EKRoots) > 0 {
		parts = append(parts, message.Say("boot.vouched", message.Params{"roots": a.EKRoots}))
	}
	switch {
	case a.State == facts.AttestationAbsent:
	case a.NonceFrom == facts.NonceVerifier:
		parts = append(parts, message.Say("boot.nonce_verifier", nil))
	default:
		parts = append(parts, message.Say("boot.nonce_own", nil))
	}
	if b := a.Boot; b != nil {
		state := message.Say("boot.secure_boot_not_logged", nil)
		switch {
		case b.SecureBoot != nil && *b.SecureBoot:
			state = message.Say("boot.secure_boot_on", nil)
		case b.SecureBoot != nil:
			state = message.Say("boot.secure_boot_off", nil)
		}
		parts = append(parts, state, message.Say("boot.option_roms", message.Params{"verification": b.OptionROMVerification}))
	}
	return message.Say("boot", message.Params{"parts": parts})
}

// ranLine says of a card's drivers how they fit what firmware ran; "" where
// there is nothing to say.
func ranLine(a *facts.Attestation, address string) message.Said {
	if a == nil || a.Boot == nil {
		return message.Said{}
	}
	var parts []message.Said
	for _, d := range a.Boot.Drivers {
		if d.Device != address {
			continue
		}
		said := message.Plain(d.Verdict)
		if d.Digest != "" {
			said = message.Say("boot.driver", message.Params{"verdict": d.Verdict, "digest": fmt.Sprintf("%.16s", d.Digest)})
		}
		parts = append(parts, said)
	}
	return message.Say("boot.ran", message.Params{"parts": parts})
}

func attestationState(r *Report) string {
	if r.Attestation == nil {
		return ""
	}
	return string(r.Attestation.State)
}
