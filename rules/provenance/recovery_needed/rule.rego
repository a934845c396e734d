# METADATA
# title: The driver asks for the GPU to be recovered
# description: |
#   NVIDIA's driver says that the GPU works no more as it should until somebody
#   acts: resets it, reboots the machine, or stops the traffic between GPUs first.
#   It says so after errors from which a program could not go on. A card that asks
#   again soon after a reset is a faulty one.
# related_resources:
# - ref: https://docs.nvidia.com/deploy/gpu-debug-guidelines/index.html
# - ref: https://docs.nvidia.com/deploy/nvml-api/change-log.html
# custom:
#   id: GA-PR-040
#   severity: medium
#   scope: device
#   question: work
#   remediation: >-
#     Do what the driver asks for (nvidia-smi --gpu-reset, or a reboot), run the
#     maker's diagnostics, and record and scan again. If the driver asks again,
#     return the card under warranty, or to its seller.
package gpuaudit.rules.provenance.recovery_needed

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

needed := health.stating("recovery-needed")

decision := verdict.fail(
	sprintf("The driver asks for this GPU: %s.", [concat("; ", needed.words)]),
	needed.pointers,
) if {
	count(needed.pointers) > 0
} else := verdict.not_applicable(
	"Only NVIDIA's driver keeps this record.",
	["/device/pci/vendor_id"],
) if {
	input.device.pci.vendor_id != "10de"
} else := verdict.not_applicable(
	"The function is a virtual one: the card is judged at its physical function.",
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.pass("The driver says that nothing is to do.", ["/device/health"]) if {
	health.good({"recovery-needed"}, "/health/recovery")
} else := lib.device_lacks("Whether the driver asks for a recovery of the GPU", ["/health/recovery"])
