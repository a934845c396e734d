package gpuaudit.rules.import_restriction.component_makers_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.component_makers

decide(makers, now) := d if {
	question := object.union(given.contractor, {"purchase": {"component_makers": makers}})
	d := component_makers.decision with input as given.at(given.asks(given.part(given.h100), question), now)
}

in_force := "2027-12-23T00:00:00Z"

test_fails_for_a_banned_maker if {
	d := decide(["TSMC", "ChangXin Memory Technologies"], in_force)
	d.status == "fail"
	contains(d.detail, "ChangXin")
	contains(d.detail, "s.5949")
}

test_passes_for_others if {
	decide(["TSMC", "SK hynix"], in_force).status == "pass"
}

test_not_applicable_the_day_before if {
	decide(["SMIC"], "2027-12-22T23:59:59Z").status == "not-applicable"
}

test_not_applicable_to_others if {
	d := component_makers.decision with input as given.at(given.asks(given.part(given.h100), given.company), in_force)
	d.status == "not-applicable"
}

test_unknown_without_a_record if {
	d := component_makers.decision with input as given.at(given.asks(given.part(given.h100), given.contractor), in_force)
	d.status == "unknown"
	d.missing == ["/question/purchase/component_makers"]
}

test_unknown_when_it_names_nobody if {
	decide([], in_force).status == "unknown"
}
