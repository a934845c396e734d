package gpuaudit.rules.backdoor.programmable_device_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.programmable_device as rule

function(vendor, device, patch) := object.union({"address": "0000:04:00.0", "vendor_id": vendor, "device_id": device}, patch)

xilinx := {"subsystem_vendor_id": "10ee", "subsystem_device_id": "0007"}

bus(list) := fixture.host_only({"functions_seen": 40, "programmable": list})

test_fails_on_reference_designs if {
	every f in [function("10ee", "7024", xilinx), function("10ee", "7011", {}), function("10ee", "7021", {"subsystem_vendor_id": "0000"}), function("10b5", "3380", {})] {
		d := rule.decision with input as bus([f])
		d.status == "fail"
	}
}

test_passes_on_products if {
	products := [
		function("10ee", "5000", {"subsystem_vendor_id": "10ee", "subsystem_device_id": "000e"}),
		function("10ee", "7038", {"subsystem_vendor_id": "17aa", "subsystem_device_id": "402f"}),
		function("10ee", "3fc6", {}),
		function("10ee", "505c", {"subsystem_vendor_id": "10ee", "subsystem_device_id": "000e"}),
		function("10ee", "903f", xilinx),
		function("1172", "e001", {}),
	]
	every f in products {
		d := rule.decision with input as bus([f])
		d.status == "pass"
	}
}

test_passes_without if {
	d := rule.decision with input as bus([])
	d.status == "pass"
}

test_unknown_when_ids_are_not_read if {
	every f in [{"address": "0000:04:00.0"}, {"vendor_id": "10ee"}] {
		d := rule.decision with input as bus([f])
		d.status == "unknown"
	}
}

test_unknown_when_not_listed if {
	d := rule.decision with input as fixture.host_only({"gaps": [{"fact": "/programmable", "source": "sys", "reason": "io-error"}]})
	d.status == "unknown"
}
