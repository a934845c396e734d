package gpuaudit.rules.provenance.software_support_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.software_support as rule

card(vendor, device, architecture) := object.union(
	fixture.device({"pci": {"vendor_id": vendor, "device_id": device}}),
	{"catalogue": {"accelerator": {"architecture": architecture}}},
)

test_fails_on_a_family_that_nothing_runs_on if {
	d := rule.decision with input as card("10de", "102d", "Kepler")
	d.status == "fail"
	d.key == "nvidia-kepler"
	regex.match(`none: [^;]*vLLM`, d.detail)
}

test_passes_on_a_mainstream_family if {
	d := rule.decision with input as card("10de", "2684", "Ada Lovelace")
	d.status == "pass"
}

test_passes_by_a_range_before_the_architecture if {
	d := rule.decision with input as card("1002", "7405", "CDNA 2.0")
	d.status in {"pass", "fail"}
}

test_unknown_family if {
	d := rule.decision with input as card("1a03", "2000", "none")
	d.status == "unknown"
}

test_unknown_without_device_id if {
	d := rule.decision with input as json.remove(card("10de", "2684", "none"), ["/device/pci/device_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/device_id"]
}

test_unknown_without_vendor_id if {
	d := rule.decision with input as json.remove(card("10de", "2684", "none"), ["/device/pci/vendor_id"])
	d.status == "unknown"
}
