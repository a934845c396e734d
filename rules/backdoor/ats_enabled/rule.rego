# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/kernel-parameters.html
# - ref: https://thunderclap.io/
# custom:
#   id: GA-BD-029
#   severity: low
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.ats_enabled

import data.gpuaudit.lib
import data.gpuaudit.verdict

enabled := input.device.pci.config.ats_enabled

decision := lib.no_iommu if {
	lib.no_iommu
} else := verdict.fail(
	verdict.msg("ats_enabled.fail", {"domain": object.get(input.device.pci, ["iommu_group", "type"], "unknown")}),
	["/device/pci/config/ats_enabled"],
) if {
	enabled == true
} else := verdict.pass(verdict.msg("ats_enabled.pass", {}), ["/device/pci/config/ats_enabled"]) if {
	enabled == false
} else := lib.device_lacks(verdict.msg("ats_enabled.lacks", {}), ["/pci/config/ats_enabled"])
