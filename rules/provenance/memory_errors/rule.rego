# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/index.html
# - ref: https://docs.kernel.org/gpu/amdgpu/ras.html
# custom:
#   id: GA-PR-023
#   severity: medium
#   scope: device
#   question: work
package gpuaudit.rules.provenance.memory_errors

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

kinds := {
	"memory-uncorrected", "rows-remapped", "pages-retired", "retirement-pending", "remapping-failed",
	"memory-threshold-exceeded", "memory-unrepairable", "repair-pending",
}

bad := health.bad(kinds)

claims := [c | some c in health.claims; c.kind in kinds]

decision := verdict.keyed(
	verdict.fail(verdict.msg("memory_errors.fail", {"counts": [b.text | some b in bad]}), [b.pointer | some b in bad]),
	concat(",", sort({b.kind | some b in bad})),
) if {
	count(bad) > 0
} else := verdict.not_applicable(
	verdict.msg("memory_errors.not_applicable", {}),
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.pass(verdict.msg("memory_errors.pass", {}), ["/device/health"]) if {
	health.good({"memory-uncorrected"}, "/health/memory")
} else := verdict.not_applicable(
	verdict.msg("memory_errors.no_card", {"what": provenance.no_card}),
	["/device/pci/device_id"],
) if {
	provenance.no_card
	count(claims) == 0
} else := lib.device_lacks(verdict.msg("memory_errors.lacks", {}), ["/health/memory"])
