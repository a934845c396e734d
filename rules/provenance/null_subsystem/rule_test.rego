package gpuaudit.rules.provenance.null_subsystem_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.null_subsystem

board(vendor, device) := fixture.device({"pci": {"subsystem_vendor_id": vendor, "subsystem_device_id": device}})

test_fails_on_zeros if {
	d := null_subsystem.decision with input as board("0000", "0000")
	d.status == "fail"
}

test_fails_on_ones if {
	d := null_subsystem.decision with input as board("ffff", "ffff")
	d.status == "fail"
}

test_passes_with_ids if {
	d := null_subsystem.decision with input as board("19da", "3474")
	d.status == "pass"
}

test_unknown_when_not_read if {
	d := null_subsystem.decision with input as fixture.without("/device/pci/subsystem_vendor_id")
	d.status == "unknown"
	d.missing == ["/device/pci/subsystem_vendor_id"]
}

test_not_applicable_to_a_management_controller if {
	d := null_subsystem.decision with input as fixture.device({"pci": {"vendor_id": "102b", "device_id": "0536", "subsystem_vendor_id": "0000"}})
	d.status == "not-applicable"
}
