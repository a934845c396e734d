# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/kernel-parameters.html
# - ref: https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-kernel-iommu_groups
# custom:
#   id: GA-BD-018
#   severity: medium
#   scope: device
#   question: harm
#   lead: pass
package gpuaudit.rules.backdoor.dma_unrestricted

import data.gpuaudit.lib
import data.gpuaudit.verdict

type := input.device.pci.iommu_group.type

# translated are the kernel's names for domains that hold a device to what it
# was given; unmanaged is a domain of vfio.
translated := {"DMA", "DMA-FQ", "blocked", "unmanaged"}

decision := verdict.fail(verdict.msg("dma_unrestricted.fail", {}), ["/device/pci/iommu_group/type"]) if {
	type == "identity"
} else := lib.no_iommu if {
	lib.no_iommu
} else := verdict.pass(
	verdict.msg("dma_unrestricted.pass", {"domain": type}),
	["/device/pci/iommu_group/type"],
) if {
	type in translated
} else := lib.device_lacks(verdict.msg("dma_unrestricted.lacks", {}), ["/pci/iommu_group/type"])
