# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-BD-100
#   severity: critical
#   scope: device
#   question: code
#   lead: pass
package gpuaudit.rules.backdoor.gpu_measurements

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

differences := object.get(gpuproof.card, "differences", [])

manifests := object.get(gpuproof.card, "manifests", [])

# compared is how many measurements all manifests together state.
compared := sum([object.get(m, "compared", 0) | some m in manifests])

missing := [object.get(m, "id", object.get(m, "kind", "")) | some m in manifests; object.get(m, "outcome", "") == "genuine-no-reference"]

decision := gpuproof.not_asked if {
	gpuproof.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("gpu_measurements.fail", {"name": object.get(differences[0], "name", ""), "code": object.get(differences[0], "code", ""), "count": count(differences), "cause": object.get(differences[0], "cause", "")}),
		["/gpu_proof/devices/0/differences"],
	),
	concat(",", [object.get(d, "name", "") | some d in differences]),
) if {
	gpuproof.card.outcome == "genuine-differs"
	count(differences) > 0
} else := verdict.pass(verdict.msg("gpu_measurements.pass", {"compared": compared}), ["/gpu_proof/devices/0/outcome", "/gpu_proof/devices/0/manifests"]) if {
	gpuproof.card.outcome == "genuine-and-matches"
	gpuproof.card.state == "verified"
	count(manifests) > 0
	compared > 0
} else := verdict.pass(verdict.msg("gpu_measurements.unchanged", {"vouchers": gpuproof.stated, "missing": missing}), ["/gpu_proof/devices/0/outcome", "/reference/measurements"]) if {
	gpuproof.unchanged
	count(missing) > 0
} else := verdict.unknown(verdict.msg("gpu_measurements.unknown", {"missing": missing}), ["/gpu_proof/devices/0/manifests"]) if {
	gpuproof.card.outcome == "genuine-no-reference"
	count(missing) > 0
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_measurements.what", {})), ["/gpu_proof/devices"])
