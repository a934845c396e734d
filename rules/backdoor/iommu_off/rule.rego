# METADATA
# title: DMA remapping is off
# description: |
#   The kernel runs without an IOMMU. Each device can then read and write all
#   memory, and nothing that the operating system does can stop it. It is of
#   medium severity because many honest desktops and most virtual machines run
#   like this; where a device is not trusted it is the first thing to change.
# related_resources:
# - ref: https://docs.kernel.org/arch/x86/iommu.html
# - ref: https://thunderclap.io/
# custom:
#   id: GA-BD-017
#   severity: medium
#   scope: host
#   question: harm
#   remediation: >-
#     Switch VT-d or AMD-Vi on in the firmware's setup, and boot with
#     intel_iommu=on where the kernel does not do so by itself.
package gpuaudit.rules.backdoor.iommu_off

import data.gpuaudit.lib
import data.gpuaudit.verdict

decision := verdict.fail(verdict.msg("iommu_off.fail", {}), ["/host/iommu/enabled"]) if {
	input.host.iommu.enabled == false
} else := verdict.pass(verdict.msg("iommu_off.pass", {}), ["/host/iommu/enabled"]) if {
	input.host.iommu.enabled == true
} else := lib.host_lacks(verdict.msg("iommu_off.lacks", {}), ["/iommu/enabled"])
