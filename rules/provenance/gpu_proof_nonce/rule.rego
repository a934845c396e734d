# METADATA
# related_resources:
# - ref: https://www.rfc-editor.org/rfc/rfc9334
# custom:
#   id: GA-PR-092
#   severity: info
#   scope: host
#   question: identity
package gpuaudit.rules.provenance.gpu_proof_nonce

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

decision := gpuproof.host_not_asked if {
	gpuproof.host_not_asked
} else := verdict.fail(verdict.msg("gpu_proof_nonce.fail", {}), ["/gpu_proof/nonce_from"]) if {
	input.gpu_proof.nonce_from == "evidence"
} else := verdict.pass(verdict.msg("gpu_proof_nonce.pass", {}), ["/gpu_proof/nonce_from", "/gpu_proof/state"]) if {
	input.gpu_proof.nonce_from == "verifier"
	input.gpu_proof.state in {"verified", "unproven"}
	input.gpu_proof.answered > 0
} else := verdict.unknown(
	verdict.msg("gpuproof.lacking", {"what": verdict.msg("gpu_proof_nonce.what", {}), "reason": trim_right(object.get(object.get(input, "gpu_proof", {}), "reason", ""), ".")}),
	["/gpu_proof/nonce_from"],
)
