package gpuaudit.rules.provenance.unknown_device_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.unknown_device

test_fails_for_an_id_that_no_list_has if {
	d := unknown_device.decision with input as fixture.device({"pci": {"device_id": "ffff"}})
	d.status == "fail"
}

test_passes_by_the_catalogue if {
	d := unknown_device.decision with input as fixture.facts({"catalogue": {"accelerator": {"name": "GeForce RTX 4090"}}})
	d.status == "pass"
}

test_passes_by_the_id_list if {
	d := unknown_device.decision with input as fixture.device({"names": {"device": "ASPEED Graphics Family"}})
	d.status == "pass"
	contains(d.detail, "no factory facts")
}

test_unknown_when_the_id_was_not_read if {
	d := unknown_device.decision with input as fixture.without("/device/pci/device_id")
	d.status == "unknown"
	d.missing == ["/device/pci/device_id"]
}

test_passes_on_qemus_standard_adapter if {
	d := unknown_device.decision with input as fixture.device({"pci": {"vendor_id": "1234", "device_id": "1111", "subsystem_vendor_id": "1af4", "subsystem_device_id": "1100"}})
	d.status == "pass"
}

test_fails_on_the_same_ids_on_another_board if {
	d := unknown_device.decision with input as fixture.device({"pci": {"vendor_id": "1234", "device_id": "1111", "subsystem_vendor_id": "1043", "subsystem_device_id": "1100"}})
	d.status == "fail"
}
