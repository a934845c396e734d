# METADATA
# title: Device may reach all memory
# description: |
#   The IOMMU is on, but it lets this device through untranslated (domain type
#   identity). The device can read and write all memory. It is of medium severity
#   because this is a common setting for speed (iommu=pt); it is the wrong one
#   for a card whose firmware nobody vouches for.
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/kernel-parameters.html
# - ref: https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-kernel-iommu_groups
# custom:
#   id: GA-BD-018
#   severity: medium
#   scope: device
#   question: harm
#   lead: pass
#   remediation: >-
#     Remove iommu=pt from the kernel's command line, or write DMA to the type
#     file of the device's IOMMU group while no driver is bound.
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
