# METADATA
# title: The GPU runs in a mode in which its memory is not protected
# description: |
#   The driver or the GPU itself says that a mode for developers (DEVTOOLS) or for
#   debugging is on. Tools on the host then read the GPU's memory, and what it proves
#   protects nobody. Reports of GPUs before Rubin do not state the mode: where the driver
#   says nothing against it, measurements that match the maker's manifests speak for it.
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-BD-101
#   severity: high
#   scope: device
#   question: harm
#   remediation: >-
#     Switch DEVTOOLS and debug mode off, start the host anew, and ask again.
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
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_developer_mode.what", {})), ["/gpu_proof/devices"])
