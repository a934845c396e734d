# METADATA
# related_resources:
# - ref: https://docs.kernel.org/arch/x86/iommu.html
# - ref: https://thunderclap.io/
# custom:
#   id: GA-BD-017
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.iommu_off

import data.gpuaudit.lib
import data.gpuaudit.verdict

decision := verdict.fail(verdict.msg("iommu_off.fail", {}), ["/host/iommu/enabled"]) if {
	input.host.iommu.enabled == false
} else := verdict.pass(verdict.msg("iommu_off.pass", {}), ["/host/iommu/enabled"]) if {
	input.host.iommu.enabled == true
} else := lib.host_lacks(verdict.msg("iommu_off.lacks", {}), ["/iommu/enabled"])
