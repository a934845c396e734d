package gpuaudit.rules.import_restriction.presumed_violation_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.presumed_violation

decide(facts) := d if d := presumed_violation.decision with input as facts

ascend := object.union(given.made_by("19e5", {"name": "Ascend 910_93 (Atlas A3)"}), {"device": {"pci": {"device_id": "d803"}}})

test_fails_for_a_named_part if {
	d := decide(given.asks(ascend, given.company))
	d.status == "fail"
	contains(d.detail, "General Prohibition 10")
}

test_fails_above_the_thresholds if {
	part := given.made_by("cabc", given.dense("MLU590", "data-centre", 314.6, 16, 800, null))
	d := decide(given.asks(part, given.company))
	d.status == "fail"
	contains(d.detail, "314.6 x 16")
}

test_passes_below_the_thresholds if {
	part := given.made_by("1ed5", given.dense("MTT S80", "consumer", 50, 16, null, null))
	decide(given.asks(part, given.company)).status == "pass"
}

test_passes_for_other_headquarters if {
	decide(given.asks(given.part(given.h100), given.company)).status == "pass"
}

test_not_applicable_before_the_guidance if {
	decide(given.at(given.asks(ascend, given.company), "2025-01-01T00:00:00Z")).status == "not-applicable"
}

test_not_applicable_before_anybody_asks if {
	decide(ascend).status == "not-applicable"
}

test_unknown_without_figures if {
	d := decide(given.asks(given.made_by("1e36", {"name": "S60 [Enflame]"}), given.company))
	d.status == "unknown"
	"/catalogue/accelerator/tpp" in d.missing
}

test_unknown_without_the_maker if {
	decide(json.remove(given.asks(given.part(given.h100), given.company), ["/device/pci/vendor_id"])).status == "unknown"
}

# The guidance speaks to every person.
test_fails_for_a_private_person if {
	d := decide(given.asks(ascend, {"jurisdiction": "DE", "profile": "private"}))
	d.status == "fail"
	contains(d.detail, "Owning or running an Ascend")
	not contains(d.detail, "736.2")
}

test_fails_without_a_profile if {
	d := decide(given.asks(ascend, {"jurisdiction": "DE"}))
	d.status == "fail"
	contains(d.detail, "A private person: Owning or running an Ascend")
	contains(d.detail, "A company: Do not buy")
}

# The name tells nothing: the first Ascend 910 is not among the named parts.
test_unknown_for_another_id if {
	part := object.union(ascend, {"device": {"pci": {"device_id": "d801"}}})
	decide(given.asks(part, given.company)).status == "unknown"
}
