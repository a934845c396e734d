package gpuaudit.rules.backdoor.unexpected_sibling_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.unexpected_sibling

sibling(class) := {"address": "0000:01:01.0", "class_code": class, "vendor_id": "8086", "device_id": "1533"}

beside(list) := fixture.device({"siblings": list})

test_fails_on_network if {
	d := unexpected_sibling.decision with input as beside([sibling("040300"), sibling("020000")])
	d.status == "fail"
	d.evidence == ["/device/siblings/1"]
}

test_passes_on_sound if {
	d := unexpected_sibling.decision with input as beside([sibling("040300")])
	d.status == "pass"
}

test_not_applicable_on_root_bus if {
	d := unexpected_sibling.decision with input as fixture.device({"bridges": []})
	d.status == "not-applicable"
}

test_not_applicable_to_management_controller if {
	d := unexpected_sibling.decision with input as fixture.device({"pci": {"vendor_id": "1a03"}, "siblings": [sibling("020000")]})
	d.status == "not-applicable"
}

test_unknown_on_unfamiliar_class if {
	d := unexpected_sibling.decision with input as beside([sibling("110000")])
	d.status == "unknown"
}

test_unknown_when_unread if {
	d := unexpected_sibling.decision with input as fixture.device({"gaps": [{"fact": "/siblings", "source": "sys", "reason": "io-error"}]})
	d.status == "unknown"
}
