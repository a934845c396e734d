package gpuaudit.rules.provenance.link_below_catalogue_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.link_below_catalogue

card(speed, width) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce GTX 1060 6GB", "pcie_gen": 3, "pcie_lanes": 16}},
	"device": {"pci": {"link": {"max_speed_gts": speed, "max_width": width}}},
})

test_fails_on_a_slower_link if {
	d := link_below_catalogue.decision with input as card(2.5, 16)
	d.status == "fail"
	contains(d.detail, "2.5 GT/s x16")
}

test_fails_on_a_narrower_link if {
	d := link_below_catalogue.decision with input as card(8, 4)
	d.status == "fail"
}

# The present state is that of power saving and no matter here.
test_passes_while_saving_power if {
	facts := object.union(card(8, 16), {"device": {"pci": {"link": {"current_speed_gts": 2.5}}}})
	d := link_below_catalogue.decision with input as facts
	d.status == "pass"
}

test_passes_on_a_faster_link if {
	d := link_below_catalogue.decision with input as card(16, 16)
	d.status == "pass"
}

test_not_applicable_without_a_catalogued_link if {
	d := link_below_catalogue.decision with input as json.remove(card(2.5, 16), ["/catalogue/accelerator/pcie_gen"])
	d.status == "not-applicable"
}

test_not_applicable_on_a_virtual_function if {
	facts := object.union(card(2.5, 16), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d := link_below_catalogue.decision with input as facts
	d.status == "not-applicable"
}

test_unknown_when_not_read if {
	d := link_below_catalogue.decision with input as json.remove(card(8, 16), ["/device/pci/link/max_width"])
	d.status == "unknown"
	d.missing == ["/device/pci/link/max_width"]
}

test_unknown_in_a_guest if {
	d := link_below_catalogue.decision with input as object.union(card(2.5, 1), {"host": {"dmi": {"system_vendor": "QEMU"}}})
	d.status == "unknown"
}

test_not_applicable_to_a_part_of_the_package if {
	d := link_below_catalogue.decision with input as object.union(card(2.5, 1), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

# An Intel card behind its own switch states 2.5 GT/s x1: the switch's port is in the slot.
arc(slot) := fixture.facts({
	"catalogue": {"accelerator": {"name": "Arc A770", "pcie_gen": 4, "pcie_lanes": 16}},
	"device": {
		"bridges": [
			{"address": "0000:00:01.0", "vendor_id": "8086", "device_id": "a70d", "link": {"max_speed_gts": 32, "max_width": 16}},
			{"address": "0000:01:00.0", "vendor_id": "8086", "device_id": "4fa0", "link": slot},
			{"address": "0000:02:01.0", "vendor_id": "8086", "device_id": "4fa4", "link": {"max_speed_gts": 2.5, "max_width": 1}},
		],
		"pci": {"vendor_id": "8086", "link": {"max_speed_gts": 2.5, "max_width": 1}},
	},
})

test_takes_the_link_of_an_intel_cards_own_switch if {
	d := link_below_catalogue.decision with input as arc({"max_speed_gts": 16, "max_width": 16})
	d.status == "pass"
}

test_fails_on_a_narrow_port_of_an_intel_cards_own_switch if {
	d := link_below_catalogue.decision with input as arc({"max_speed_gts": 16, "max_width": 4})
	d.status == "fail"
	d.evidence == ["/device/bridges/1/link"]
}

test_unknown_without_the_link_of_the_switch if {
	d := link_below_catalogue.decision with input as arc({})
	d.status == "unknown"
	d.missing == ["/device/bridges/1/link/max_speed_gts", "/device/bridges/1/link/max_width"]
}

# A card of another maker states its own link.
test_takes_no_other_makers_switch if {
	facts := object.union(arc({"max_speed_gts": 16, "max_width": 16}), {"device": {"pci": {"vendor_id": "10de"}}})
	d := link_below_catalogue.decision with input as facts
	d.status == "fail"
}

# An Intel card whose own switch does not show states the link within it.
test_unknown_within_an_intel_card if {
	d := link_below_catalogue.decision with input as object.union(card(2.5, 1), {"device": {"pci": {"vendor_id": "8086"}}})
	d.status == "unknown"
	contains(d.detail, "within every card of Intel")
}

test_fails_on_another_link_of_an_intel_card if {
	d := link_below_catalogue.decision with input as object.union(card(8, 4), {"device": {"pci": {"vendor_id": "8086"}}})
	d.status == "fail"
}
