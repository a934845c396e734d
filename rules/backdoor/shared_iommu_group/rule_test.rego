package gpuaudit.rules.backdoor.shared_iommu_group_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.shared_iommu_group

members(list) := fixture.device({"pci": {"iommu_group": {"members": list}}})

test_fails_on_foreign_device if {
	d := shared_iommu_group.decision with input as members(["0000:00:01.0", "0000:01:00.1", "0000:05:00.0"])
	d.status == "fail"
	contains(d.detail, "holds 0000:05:00.0.")
}

test_passes_with_own_functions_and_bridge if {
	d := shared_iommu_group.decision with input as members(["0000:00:01.0", "0000:01:00.1", "0000:01:00.7"])
	d.status == "pass"
}

test_not_applicable_without_iommu if {
	d := shared_iommu_group.decision with input as object.union(
		fixture.without("/device/pci/iommu_group"),
		{"host": {"iommu": {"enabled": false}}},
	)
	d.status == "not-applicable"
}

test_unknown_without_group if {
	d := shared_iommu_group.decision with input as fixture.without("/device/pci/iommu_group")
	d.status == "unknown"
}

test_unknown_when_what_belongs_to_the_card_is if {
	every fact in ["/bridges", "/siblings", "/functions"] {
		d := shared_iommu_group.decision with input as fixture.device({
			"pci": {"iommu_group": {"members": ["0000:00:02.0"]}},
			"gaps": [{"fact": fact, "source": "sys", "reason": "io-error"}],
		})
		d.status == "unknown"
		concat("", ["/device", fact]) in d.missing
	}
}
