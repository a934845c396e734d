# METADATA
# related_resources:
# - ref: https://docs.kernel.org/driver-api/vfio.html
# custom:
#   id: GA-BD-026
#   severity: medium
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.shared_iommu_group

import data.gpuaudit.lib
import data.gpuaudit.verdict

group := input.device.pci.iommu_group

# known are addresses that may be in the group: the bridges above the card, and
# what sits behind them with it, which other rules judge.
known := {f.address |
	some name in ["functions", "bridges", "siblings"]
	some f in object.get(input.device, name, [])
}

# read: what belongs to the card is known. Else its own bridge would be foreign.
read if {
	every fact in ["/functions", "/bridges", "/siblings"] {
		lib.complete(input.device, fact)
	}
}

slot(address) := split(address, ".")[0]

foreign := [m |
	some m in object.get(group, "members", [])
	not m in known
	slot(m) != slot(object.get(input.device, "address", ""))
]

decision := verdict.fail(
	verdict.msg("shared_iommu_group.fail", {"group": object.get(group, "id", "?"), "others": foreign}),
	["/device/pci/iommu_group/members"],
) if {
	count(foreign) > 0
	read
} else := lib.device_lacks(verdict.msg("shared_iommu_group.lacks", {}), ["/bridges", "/siblings", "/functions"]) if {
	count(foreign) > 0
} else := lib.no_iommu if {
	lib.no_iommu
} else := verdict.pass(
	verdict.msg("shared_iommu_group.pass", {"group": group.id}),
	["/device/pci/iommu_group"],
) if {
	group.id
	count(foreign) == 0
	input.device.address
	lib.complete(input.device, "/pci/iommu_group")
} else := lib.device_lacks(verdict.msg("shared_iommu_group.lacks_2", {}), ["/pci/iommu_group"])
