# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/deploy/gpu-debug-guidelines/index.html
# custom:
#   id: GA-PR-041
#   severity: medium
#   scope: device
#   question: work
package gpuaudit.rules.provenance.inforom_corrupt

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

corrupt := health.stating("inforom-corrupt")

decision := verdict.fail(
	verdict.msg("inforom_corrupt.fail", {"said": corrupt.words}),
	corrupt.pointers,
) if {
	count(corrupt.pointers) > 0
} else := verdict.not_applicable(
	verdict.msg("inforom_corrupt.not_applicable", {}),
	["/device/pci/vendor_id"],
) if {
	input.device.pci.vendor_id != "10de"
} else := verdict.not_applicable(
	verdict.msg("inforom_corrupt.not_applicable_2", {}),
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.pass(verdict.msg("inforom_corrupt.pass", {}), ["/device/health"]) if {
	health.good({"inforom-corrupt"}, "/health/inforom")
} else := lib.device_lacks(verdict.msg("inforom_corrupt.lacks", {}), ["/health/inforom"])
