package gpuaudit.rules.backdoor.dma_unrestricted_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.dma_unrestricted

type(t) := fixture.device({"pci": {"iommu_group": {"type": t}}})

test_fails_on_identity if {
	d := dma_unrestricted.decision with input as type("identity")
	d.status == "fail"
}

test_passes_when_translated if {
	d := dma_unrestricted.decision with input as type("DMA")
	d.status == "pass"
}

test_not_applicable_without_iommu if {
	d := dma_unrestricted.decision with input as object.union(
		fixture.without("/device/pci/iommu_group"),
		{"host": {"iommu": {"enabled": false}}},
	)
	d.status == "not-applicable"
}

test_unknown_without_type if {
	d := dma_unrestricted.decision with input as fixture.without("/device/pci/iommu_group/type")
	d.status == "unknown"
}

test_unknown_on_new_type if {
	d := dma_unrestricted.decision with input as type("something")
	d.status == "unknown"
}
