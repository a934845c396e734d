package gpuaudit.rules.backdoor.dma_attack_device_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.dma_attack_device as rule

function(vendor, device, patch) := object.union({"address": "0000:04:00.0", "vendor_id": vendor, "device_id": device, "class_code": "020000"}, patch)

usb3380 := {"subsystem_vendor_id": "10b5", "subsystem_device_id": "3380"}

bus(list) := fixture.host_only({"functions_seen": 40, "programmable": list})

test_fails_on_defaults_of_pcileech if {
	d := rule.decision with input as bus([function("10ee", "5000", {}), function("10ee", "0666", {})])
	d.status == "fail"
	d.evidence == ["/host/programmable/1"]
	old := rule.decision with input as bus([function("14e4", "16bc", usb3380)])
	old.status == "fail"
}

test_passes_without if {
	d := rule.decision with input as bus([])
	d.status == "pass"
}

test_passes_on_honest_chips if {
	honest := [
		function("10ee", "5000", {"subsystem_vendor_id": "10ee", "subsystem_device_id": "000e"}),
		function("14e4", "16bc", {"subsystem_vendor_id": "14e4", "subsystem_device_id": "0000"}),
		function("10b5", "3380", usb3380),
	]
	every f in honest {
		d := rule.decision with input as bus([f])
		d.status == "pass"
	}
}

test_unknown_when_ids_are_not_read if {
	every f in [{"address": "0000:04:00.0"}, function("10ee", "0666", {"vendor_id": null}), object.remove(function("10ee", "0666", {}), ["device_id"]), function("14e4", "16bc", {})] {
		d := rule.decision with input as bus([object.filter(f, [k | some k, v in f; v != null])])
		d.status == "unknown"
	}
}

test_unknown_when_not_all_were_seen if {
	d := rule.decision with input as fixture.host_only({"functions_seen": 40, "gaps": [{"fact": "/programmable", "source": "sys", "reason": "limit"}]})
	d.status == "unknown"
	none := rule.decision with input as fixture.host_only({})
	none.status == "unknown"
}
