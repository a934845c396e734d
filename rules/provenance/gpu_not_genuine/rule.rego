# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-PR-090
#   severity: critical
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.gpu_not_genuine

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

revoked := gpuproof.failed({"device-revocation"})

speaks := gpuproof.failed({"spdm-signature", "device-chain", "firmware-id", "chip-id", "evidence-label"})

decision := gpuproof.not_asked if {
	gpuproof.not_asked
} else := verdict.keyed(
	verdict.fail(verdict.msg("gpu_not_genuine.fail", {"check": gpuproof.told(speaks)}), ["/gpu_proof/devices/0/outcome", gpuproof.pointer(speaks[0].name)]),
	object.get(speaks[0], "code", ""),
) if {
	gpuproof.card.outcome == "not-genuine"
	count(speaks) > 0
} else := verdict.keyed(
	verdict.fail(verdict.msg("gpu_not_genuine.fail", {"check": gpuproof.told(revoked)}), ["/gpu_proof/devices/0/outcome", gpuproof.pointer("device-revocation")]),
	object.get(revoked[0], "code", ""),
) if {
	count(revoked) > 0
} else := verdict.pass(verdict.msg("gpu_not_genuine.pass", {"chip": object.get(gpuproof.card, "chip", "")}), ["/gpu_proof/devices/0/outcome"]) if {
	gpuproof.genuine
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_not_genuine.what", {})), ["/gpu_proof/devices"])
