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

# The card behind a switch of PLX, beside a network controller.
neighbour(patch) := object.union({"address": "0000:04:00.0", "class_code": "020000", "vendor_id": "10ee", "device_id": "0666", "behind": "0000:01:00.0"}, patch)

switched(patch) := fixture.device(object.union({"bridges": [
	{"address": "0000:00:01.0", "vendor_id": "8086", "device_id": "a70d", "class_code": "060400"},
	{"address": "0000:01:00.0", "vendor_id": "10b5", "device_id": "8747", "class_code": "060400"},
]}, patch))

test_unknown_behind_switch_of_another_maker if {
	d := unexpected_sibling.decision with input as switched({
		"neighbours": [neighbour({})],
		"gaps": [{"fact": "/slot", "source": "sys/firmware/dmi/tables/DMI", "reason": "permission"}],
	})
	d.status == "unknown"
	contains(d.detail, "0000:04:00.0 (class 020000, 10ee:0666)")
	contains(d.detail, "reading it takes more privileges")
	d.missing == ["/device/slot", "/device/neighbours/0"]
}

test_unknown_when_the_neighbours_class_is if {
	every key in ["class_code", "vendor_id", "device_id", "behind"] {
		d := unexpected_sibling.decision with input as switched({"neighbours": [object.remove(neighbour({"class_code": "0c0330"}), [key])]})
		d.status == "unknown"
	}
}

test_unknown_when_neighbours_are_too_many if {
	d := unexpected_sibling.decision with input as switched({"gaps": [{"fact": "/neighbours", "source": "sys", "reason": "limit"}]})
	d.status == "unknown"
}

test_passes_beside_what_cards_carry_and_the_switchs_own if {
	d := unexpected_sibling.decision with input as switched({
		"bridges": [
			{"address": "0000:00:01.0", "vendor_id": "8086", "device_id": "a70d", "class_code": "060400"},
			{"address": "0000:01:00.0", "vendor_id": "1000", "device_id": "c010", "class_code": "060400"},
		],
		"neighbours": [neighbour({"class_code": "030200", "vendor_id": "10de"}), neighbour({"class_code": "010700", "vendor_id": "1000", "device_id": "00b2"}), neighbour({"class_code": "018000", "vendor_id": "1000", "device_id": "c010"})],
	})
	d.status == "pass"
}

test_unknown_beside_an_endpoint_of_another_switch if {
	d := unexpected_sibling.decision with input as switched({"neighbours": [neighbour({"class_code": "010700", "vendor_id": "1000", "device_id": "00b2"})]})
	d.status == "unknown"
}

test_fails_in_the_slot if {
	d := unexpected_sibling.decision with input as switched({
		"siblings": [neighbour({})],
		"slot": {"designation": "PCIEX16_1", "address": "0000:00:01.0", "bridge": "0000:00:01.0"},
	})
	d.status == "fail"
	startswith(d.detail, "The card's slot (PCIEX16_1, by SMBIOS) also leads to what cards do not carry: 0000:04:00.0")
}

test_fails_in_a_slot_without_a_name if {
	d := unexpected_sibling.decision with input as switched({"siblings": [neighbour({})], "slot": {"address": "0000:00:01.0", "bridge": "0000:00:01.0"}})
	startswith(d.detail, "The card's slot (0000:00:01.0, by SMBIOS)")
}

test_passes_where_the_slot_begins_below_the_switch if {
	d := unexpected_sibling.decision with input as switched({"slot": {"designation": "SLOT 2", "address": "0000:03:00.0", "bridge": "0000:01:00.0"}})
	d.status == "pass"
}

test_passes_on_converged_card if {
	network := {"address": "0000:04:00.0", "class_code": "020000", "vendor_id": "15b3", "device_id": "a2d6"}
	d := unexpected_sibling.decision with input as fixture.device({"pci": {"vendor_id": "10de", "device_id": "20b8"}, "siblings": [network]})
	d.status == "pass"
	other := unexpected_sibling.decision with input as fixture.device({"pci": {"vendor_id": "10de", "device_id": "2684"}, "siblings": [network]})
	other.status == "fail"
}
