# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-BD-101
#   severity: high
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.gpu_developer_mode

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

on := gpuproof.failed({"host-settings"})

decision := gpuproof.not_asked if {
	gpuproof.not_asked
} else := verdict.keyed(
	verdict.fail(verdict.msg("gpu_developer_mode.fail", {"detail": trim_right(object.get(on[0], "detail", ""), ".")}), [gpuproof.pointer("host-settings")]),
	object.get(on[0], "code", ""),
) if {
	count(on) > 0
} else := verdict.pass(verdict.msg("gpu_developer_mode.pass", {}), ["/gpu_proof/devices/0/outcome", gpuproof.pointer("host-settings")]) if {
	gpuproof.card.outcome == "genuine-and-matches"
	gpuproof.card.state == "verified"
	gpuproof.check("host-settings")
} else := verdict.pass(verdict.msg("gpu_developer_mode.unchanged", {"vouchers": gpuproof.stated}), ["/reference/measurements", gpuproof.pointer("host-settings")]) if {
	gpuproof.unchanged
	gpuproof.check("host-settings")
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_developer_mode.what", {})), ["/gpu_proof/devices"])
