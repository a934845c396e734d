package gpuaudit.rules.provenance.known_pattern_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.known_pattern

card(patch) := object.union(
	fixture.facts({"catalogue": {"accelerator": {"name": "GeForce RTX 3070 Laptop GPU", "form": "laptop"}}}),
	patch,
)

chassis(kind, board) := card({"host": {"dmi": {"chassis_type": kind}}, "device": {"pci": {"subsystem_vendor_id": board}}})

test_fails_on_a_laptop_chip_without_a_board_id_in_a_desktop if {
	d := known_pattern.decision with input as chassis(3, "0000")
	d.status == "fail"
	d.key == "laptop-on-desktop"
}

test_fails_on_a_laptop_chip_in_a_tower if {
	d := known_pattern.decision with input as chassis(7, "10de")
	d.status == "fail"
}

test_fails_on_an_id_called_fake if {
	d := known_pattern.decision with input as fixture.facts({"catalogue": {"accelerator": {"name": "GeForce GTX 960 FAKE"}}})
	d.status == "fail"
}

test_fails_by_a_published_case if {
	d := known_pattern.decision with input as fixture.facts({"catalogue": {"mods": [{"id": "laptop-on-desktop"}]}})
	d.status == "fail"
}

test_passes_in_machines_that_have_such if {
	every kind in [10, 13, 35] {
		d := known_pattern.decision with input as chassis(kind, "0000")
		d.status == "pass"
	}
}

# A maker of small computers may have called its own a desktop.
test_unknown_on_a_named_board_in_a_desktop if {
	d := known_pattern.decision with input as chassis(3, "1043")
	d.status == "unknown"
}

test_unknown_in_a_box_on_a_cable if {
	d := known_pattern.decision with input as object.union(chassis(7, "0000"), {"device": {"bridges": [{"address": "0000:00:1c.0", "name": "JHL7540 Thunderbolt 3 Bridge"}]}})
	d.status == "unknown"
}

test_unknown_in_a_guest if {
	d := known_pattern.decision with input as object.union(chassis(7, "0000"), {"host": {"dmi": {"system_vendor": "QEMU"}}})
	d.status == "unknown"
}

test_unknown_without_the_chassis if {
	d := known_pattern.decision with input as json.remove(chassis(3, "0000"), ["/host/dmi/chassis_type"])
	d.status == "unknown"
}

test_unknown_without_the_board if {
	d := known_pattern.decision with input as json.remove(chassis(3, "0000"), ["/device/pci/subsystem_vendor_id"])
	d.status == "unknown"
}

test_not_applicable_to_graphics_of_a_processor if {
	d := known_pattern.decision with input as card({"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

# A mining card without a board id and a cut-down part are what they say.
test_not_applicable_to_a_part_that_is_itself if {
	every case in ["mining-null-subsystem", "rx580-2048sp"] {
		d := known_pattern.decision with input as fixture.facts({"catalogue": {"mods": [{"id": case}]}, "device": {"pci": {"subsystem_vendor_id": "0000"}}})
		d.status == "not-applicable"
	}
}

test_unknown_without_the_device_id if {
	d := known_pattern.decision with input as fixture.without("/device/pci/device_id")
	d.status == "unknown"
}
