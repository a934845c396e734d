# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-PR-093
#   severity: high
#   scope: host
#   question: identity
package gpuaudit.rules.provenance.gpu_proof_set

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

checks := object.get(object.get(input, "gpu_proof", {}), "checks", [])

failed := [{"at": sprintf("/gpu_proof/checks/%d", [i]), "code": object.get(c, "code", ""), "detail": trim_right(object.get(c, "detail", ""), ".")} |
	some i, c in checks
	object.get(c, "status", "") == "fail"
]

decision := gpuproof.host_not_asked if {
	gpuproof.host_not_asked
} else := verdict.keyed(
	verdict.fail(verdict.msg("gpu_proof_set.fail", {"detail": failed[0].detail, "code": failed[0].code}), [f.at | some f in failed]),
	failed[0].code,
) if {
	count(failed) > 0
} else := verdict.pass(verdict.msg("gpu_proof_set.pass", {"answered": input.gpu_proof.answered}), ["/gpu_proof/checks", "/gpu_proof/answered", "/gpu_proof/silent"]) if {
	input.gpu_proof.answered > 0
	count(input.gpu_proof.silent) == 0
	input.gpu_proof.state in {"verified", "unproven"}
	count(checks) > 0
	count([c | some c in checks; object.get(c, "status", "") == "pass"]) == count(checks)
} else := verdict.unknown(
	verdict.msg("gpuproof.lacking", {"what": verdict.msg("gpu_proof_set.what", {}), "reason": trim_right(object.get(object.get(input, "gpu_proof", {}), "reason", ""), ".")}),
	["/gpu_proof/answered"],
)
