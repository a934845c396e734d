package gpuaudit.rules.provenance.board_not_listed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.board_not_listed

listed(answer) := fixture.facts({"catalogue": {"board_listed": answer}})

test_fails_when_not_listed if {
	d := board_not_listed.decision with input as listed(false)
	d.status == "fail"
}

test_passes_when_listed if {
	d := board_not_listed.decision with input as listed(true)
	d.status == "pass"
}

test_not_applicable_without_a_list if {
	d := board_not_listed.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_when_the_board_was_not_read if {
	d := board_not_listed.decision with input as fixture.without("/device/pci/subsystem_device_id")
	d.status == "unknown"
	d.missing == ["/device/pci/subsystem_device_id"]
}

test_passes_when_an_operator_lists_it if {
	d := board_not_listed.decision with input as fixture.facts({"catalogue": {"board_listed": true, "board_by": "ours"}})
	d.status == "pass"
	contains(d.detail, "The catalogue ours of your own organisation lists the board")
	"/catalogue/board_by" in d.evidence
}
