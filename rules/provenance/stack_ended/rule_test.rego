package gpuaudit.rules.provenance.stack_ended_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.stack_ended as rule

card(vendor, device, architecture) := object.union(
	fixture.device({"pci": {"vendor_id": vendor, "device_id": device}}),
	{"catalogue": {"accelerator": {"architecture": architecture}}},
)

test_fails_on_a_last_release if {
	d := rule.decision with input as card("10de", "102d", "Kepler")
	d.status == "fail"
	contains(d.detail, "CUDA, up to release 11.x, last branch of the driver R470")
}

test_fails_off_the_makers_list if {
	d := rule.decision with input as card("1002", "67df", "Polaris")
	d.status == "fail"
	contains(d.detail, "ROCm, releases not stated, on the maker's list: no")
}

test_passes_on_a_family_that_is_kept if {
	d := rule.decision with input as card("10de", "2684", "Ada Lovelace")
	d.status == "pass"
	contains(d.detail, "CUDA, from release 11.8 on")
}

test_unknown_family if {
	d := rule.decision with input as card("1a03", "2000", "none")
	d.status == "unknown"
}

test_unknown_without_ids if {
	every pointer in ["/device/pci/vendor_id", "/device/pci/device_id"] {
		d := rule.decision with input as json.remove(card("10de", "2684", "none"), [pointer])
		d.status == "unknown"
		d.missing == [pointer]
	}
}
