package gpuaudit.rules.provenance.unknown_vendor_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.unknown_vendor

test_fails_for_an_id_that_nobody_holds if {
	d := unknown_vendor.decision with input as fixture.device({"pci": {"vendor_id": "dead"}})
	d.status == "fail"
}

test_passes_by_the_catalogue if {
	d := unknown_vendor.decision with input as fixture.facts({"catalogue": {"maker": {"vendor_id": "1e3e", "name": "Iluvatar CoreX"}}, "device": {"names": {"vendor": "other"}}})
	d.status == "pass"
	contains(d.detail, "Iluvatar CoreX")
}

test_passes_by_the_id_list if {
	d := unknown_vendor.decision with input as fixture.device({"names": {"vendor": "ASPEED Technology, Inc."}})
	d.status == "pass"
}

test_unknown_when_the_id_was_not_read if {
	d := unknown_vendor.decision with input as fixture.without("/device/pci/vendor_id")
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}

test_unknown_without_a_catalogue if {
	d := unknown_vendor.decision with input as fixture.without("/catalogue")
	d.status == "unknown"
}

test_passes_on_qemus_standard_adapter if {
	d := unknown_vendor.decision with input as fixture.device({"pci": {"vendor_id": "1234", "device_id": "1111", "subsystem_vendor_id": "1af4", "subsystem_device_id": "1100"}})
	d.status == "pass"
}

test_fails_on_the_same_ids_on_another_board if {
	d := unknown_vendor.decision with input as fixture.device({"pci": {"vendor_id": "1234", "device_id": "1111", "subsystem_vendor_id": "1043", "subsystem_device_id": "1100"}})
	d.status == "fail"
}
