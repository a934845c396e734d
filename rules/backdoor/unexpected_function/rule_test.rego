package gpuaudit.rules.backdoor.unexpected_function_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.unexpected_function

beside(vendor, list) := fixture.device({"pci": {"vendor_id": vendor}, "functions": list})

function(class, vendor, device) := {"address": "0000:01:00.1", "class_code": class, "vendor_id": vendor, "device_id": device}

test_fails_on_network if {
	d := unexpected_function.decision with input as beside("10de", [function("040300", "10de", "10f0"), function("020000", "10de", "ffff")])
	d.status == "fail"
	d.evidence == ["/device/functions/1"]
	not contains(d.key, "0000:01")
}

test_fails_on_unknown_usb_controller if {
	d := unexpected_function.decision with input as beside("10de", [function("0c0330", "10de", "ffff")])
	d.status == "fail"
}

test_fails_on_usb_controller_of_another_maker if {
	d := unexpected_function.decision with input as beside("10de", [function("0c0330", "1002", "7314")])
	d.status == "fail"
}

test_passes_on_turing_card if {
	d := unexpected_function.decision with input as beside("10de", [
		function("040300", "10de", "10f7"),
		function("0c0330", "10de", "1ad6"),
		function("0c8000", "10de", "1ad7"),
	])
	d.status == "pass"
}

test_passes_on_apu if {
	d := unexpected_function.decision with input as beside("1002", [
		function("040300", "1002", "1637"),
		function("108000", "1022", "15df"),
		function("0c0330", "1022", "1639"),
	])
	d.status == "pass"
}

test_passes_alone if {
	d := unexpected_function.decision with input as beside("10de", [])
	d.status == "pass"
}

test_not_applicable_to_management_controller if {
	d := unexpected_function.decision with input as beside("102b", [function("0c0300", "103c", "3300")])
	d.status == "not-applicable"
}

test_unknown_on_unfamiliar_class if {
	d := unexpected_function.decision with input as beside("10de", [function("ff0000", "10de", "1234")])
	d.status == "unknown"
}

test_unknown_without_class if {
	d := unexpected_function.decision with input as beside("10de", [{"address": "0000:01:00.1"}])
	d.status == "unknown"
	d.missing == ["/device/functions/0/class_code"]
}

test_unknown_when_unread if {
	d := unexpected_function.decision with input as fixture.device({
		"functions": [],
		"gaps": [{"fact": "/functions", "source": "sys/bus/pci/devices", "reason": "io-error"}],
	})
	d.status == "unknown"
}
