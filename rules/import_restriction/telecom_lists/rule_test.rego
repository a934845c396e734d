package gpuaudit.rules.import_restriction.telecom_lists_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.telecom_lists

decide(facts) := d if d := telecom_lists.decision with input as facts

ascend := given.made_by("19e5", {"name": "Ascend 910B (Atlas A2)"})

test_fails_for_a_named_maker if {
	d := decide(given.asks(ascend, given.contractor))
	d.status == "fail"
	contains(d.detail, "FAR 52.204-25")
	contains(d.detail, "Covered List")
}

test_passes_for_others if {
	decide(given.asks(given.part(given.h100), given.contractor)).status == "pass"
}

test_not_applicable_to_others if {
	decide(given.asks(ascend, given.company)).status == "not-applicable"
}

test_unknown_without_the_maker if {
	d := decide(json.remove(given.asks(ascend, given.contractor), ["/device/pci/vendor_id"]))
	d.status == "unknown"
}
