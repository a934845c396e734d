package gpuaudit.rules.backdoor.iommu_off_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.iommu_off

test_fails_when_off if {
	d := iommu_off.decision with input as fixture.host_only({"iommu": {"enabled": false}})
	d.status == "fail"
}

test_passes_when_on if {
	d := iommu_off.decision with input as fixture.host_only({})
	d.status == "pass"
}

test_unknown_when_unread if {
	d := iommu_off.decision with input as json.remove(fixture.host_only({}), ["/host/iommu/enabled"])
	d.status == "unknown"
	d.missing == ["/host/iommu/enabled"]
}
