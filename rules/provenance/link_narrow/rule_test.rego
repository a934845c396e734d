package gpuaudit.rules.provenance.link_narrow_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.link_narrow

link(current, most) := {"current_width": current, "max_width": most}

bridge(current, most) := {"address": "0000:00:01.0", "link": link(current, most)}

card(bridges, current, most) := fixture.device({"bridges": bridges, "pci": {"power_state": "D0", "link": link(current, most)}})

test_fails_on_missing_lanes if {
	d := link_narrow.decision with input as card([bridge(4, 16)], 4, 16)
	d.status == "fail"
	d.detail == "Lanes in use: 4 of 16."
	d.evidence == ["/device/pci/link"]
}

# The card's own switch has all of its lanes; the slot does not.
test_fails_on_the_slot_of_a_card_with_a_switch if {
	d := link_narrow.decision with input as card([bridge(8, 16), bridge(8, 16), bridge(16, 16)], 16, 16)
	d.status == "fail"
	d.evidence == ["/device/bridges/1/link"]
}

test_passes_in_a_small_slot if {
	d := link_narrow.decision with input as card([bridge(4, 4)], 4, 16)
	d.status == "pass"
}

# The inner side of a switch is no link.
test_passes_behind_a_wide_switch if {
	d := link_narrow.decision with input as card([bridge(8, 8), bridge(8, 8), bridge(4, 16)], 4, 4)
	d.status == "pass"
}

test_not_applicable_on_the_root_bus if {
	d := link_narrow.decision with input as card([], 4, 16)
	d.status == "not-applicable"
}

test_not_applicable_to_a_share_of_a_card if {
	facts := object.union(card([bridge(4, 16)], 4, 16), {"device": {"pci": {"power_state": "D0", "sriov": {"physical_function": "0000:01:00.0"}}}})
	d := link_narrow.decision with input as facts
	d.status == "not-applicable"
}

test_unknown_when_asleep if {
	facts := object.union(card([bridge(4, 16)], 4, 16), {"device": {"pci": {"power_state": "D3cold"}}})
	d := link_narrow.decision with input as facts
	d.status == "unknown"
}

test_unknown_without_the_port if {
	facts := json.remove(card([bridge(16, 16)], 16, 16), ["/device/bridges/0/link"])
	d := link_narrow.decision with input as facts
	d.status == "unknown"
	d.missing == ["/device/bridges/0/link"]
}

test_unknown_with_half_a_link if {
	d := link_narrow.decision with input as card([bridge(16, 16), bridge(16, 16)], 16, 16)
	d.status == "unknown"
}
