# METADATA
# related_resources:
# - ref: https://www.rfc-editor.org/rfc/rfc9334
# custom:
#   id: GA-PR-094
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.provenance.gpu_own_reference

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

measured := gpuproof.measured

evidence := ["/reference/measurements"]

decision := gpuproof.not_asked if {
	gpuproof.not_asked
} else := verdict.keyed(
	verdict.fail(verdict.msg("gpu_own_reference.fail", {"reason": trim_right(measured.reason, "."), "vouchers": gpuproof.stated}), evidence),
	concat(",", [object.get(d, "fact", "") | some d in object.get(measured, "differences", [])]),
) if {
	measured.state == "mismatch"
} else := verdict.pass(verdict.msg("gpu_own_reference.pass", {"vouchers": gpuproof.stated}), evidence) if {
	gpuproof.genuine
	measured.state == "match"
	count(gpuproof.stated) > 0
} else := verdict.not_applicable(verdict.msg("lib.reference_silent", {"reason": trim_right(measured.reason, ".")}), evidence) if {
	measured.state == "not-covered"
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_own_reference.what", {})), ["/gpu_proof/devices"])
