# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/deploy/gpu-debug-guidelines/index.html
# - ref: https://docs.nvidia.com/deploy/nvml-api/change-log.html
# custom:
#   id: GA-PR-040
#   severity: medium
#   scope: device
#   question: work
package gpuaudit.rules.provenance.recovery_needed

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

needed := health.stating("recovery-needed")

decision := verdict.fail(
	verdict.msg("recovery_needed.fail", {"said": needed.words}),
	needed.pointers,
) if {
	count(needed.pointers) > 0
} else := verdict.not_applicable(
	verdict.msg("recovery_needed.not_applicable", {}),
	["/device/pci/vendor_id"],
) if {
	input.device.pci.vendor_id != "10de"
} else := verdict.not_applicable(
	verdict.msg("recovery_needed.not_applicable_2", {}),
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.pass(verdict.msg("recovery_needed.pass", {}), ["/device/health"]) if {
	health.good({"recovery-needed"}, "/health/recovery")
} else := lib.device_lacks(verdict.msg("recovery_needed.lacks", {}), ["/health/recovery"])
