package gpuaudit.rules.provenance.driver_out_of_tree_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.driver_out_of_tree as rule

card(vendor, device, architecture) := object.union(
	fixture.device({"pci": {"vendor_id": vendor, "device_id": device}}),
	{"catalogue": {"accelerator": {"architecture": architecture}}},
)

test_fails_on_a_makers_own_driver if {
	d := rule.decision with input as card("19e5", "d802", "none")
	d.status == "fail"
	contains(d.detail, "Ascend HDK NPU driver (davinci); in Linux: no")
}

test_passes_on_a_driver_in_linux if {
	d := rule.decision with input as card("1002", "73bf", "RDNA 2.0")
	d.status == "pass"
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
