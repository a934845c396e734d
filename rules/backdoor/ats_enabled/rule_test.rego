package gpuaudit.rules.backdoor.ats_enabled_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.ats_enabled

ats(value) := fixture.device({"pci": {"config": {"ats_enabled": value}}})

test_fails_when_on if {
	d := ats_enabled.decision with input as ats(true)
	d.status == "fail"
	contains(d.detail, "DMA-FQ")
}

test_passes_when_off if {
	d := ats_enabled.decision with input as ats(false)
	d.status == "pass"
}

test_not_applicable_without_iommu if {
	d := ats_enabled.decision with input as object.union(ats(true), {"host": {"iommu": {"enabled": false}}})
	d.status == "not-applicable"
}

test_unknown_when_unread if {
	d := ats_enabled.decision with input as fixture.without("/device/pci/config/ats_enabled")
	d.status == "unknown"
}
