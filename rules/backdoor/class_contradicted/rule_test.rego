package gpuaudit.rules.backdoor.class_contradicted_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.class_contradicted

odd(kind, class, more) := fixture.device(object.union({"kind": kind, "pci": {"class_code": class, "vendor_id": "10de"}}, more))

nvidia := {"uses": [{"kind": "driver", "source": "sys/driver", "name": "nvidia"}]}

test_fails_in_use if {
	d := class_contradicted.decision with input as odd("in-use", "028000", nvidia)
	d.status == "fail"
	d.key == "028000"
	contains(d.detail, "driver nvidia")
}

test_fails_on_id_of_a_gpu if {
	d := class_contradicted.decision with input as odd("known-id", "028000", {})
	d.status == "fail"
}

test_fails_where_the_kernel_read_another if {
	d := class_contradicted.decision with input as odd("display", "028000", {})
	d.status == "fail"
}

test_unknown_of_a_class_without_use if {
	d := class_contradicted.decision with input as odd("odd-class", "ff0000", {})
	d.status == "unknown"
}

test_unknown_of_an_id_in_a_catalogue_of_ones_own if {
	d := class_contradicted.decision with input as odd("known-id", "0b4000", {"pci": {"vendor_id": "8086"}})
	d.status == "unknown"
}

test_passes_on_display if {
	d := class_contradicted.decision with input as fixture.facts(nvidia)
	d.status == "pass"
}

test_passes_on_vga_of_old if {
	d := class_contradicted.decision with input as odd("display", "000100", {})
	d.status == "pass"
}

test_passes_on_accelerator_of_a_maker_with_that_class if {
	d := class_contradicted.decision with input as odd("known-vendor", "0b4000", {"uses": [{"kind": "kfd", "source": "sys", "name": "1"}]})
	d.status == "pass"
}

test_unknown_when_class_was_not_read if {
	d := class_contradicted.decision with input as fixture.without("/device/pci/class_code")
	d.status == "unknown"
}
