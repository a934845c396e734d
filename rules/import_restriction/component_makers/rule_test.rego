package gpuaudit.rules.import_restriction.component_makers_test

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.component_makers

decide(makers, now) := d if {
	question := object.union(given.contractor, {"purchase": {"component_makers": makers}})
	d := component_makers.decision with input as given.at(given.asks(given.part(given.h100), question), now) with data.gpuaudit.data.restrictions as read
}

# read are the data once somebody has read the law on its first day or later.
read := json.patch(restrictions, [{"op": "replace", "path": "/rules/us-ndaa-5949/as_of", "value": "2027-12-23"}])

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
	d := component_makers.decision with input as given.at(given.asks(given.part(given.h100), given.contractor), in_force) with data.gpuaudit.data.restrictions as read
	d.status == "unknown"
	d.missing == ["/question/purchase/component_makers"]
}

# Until then nobody has verified that it began.
test_unknown_while_nobody_has_read_that_it_began if {
	question := object.union(given.contractor, {"purchase": {"component_makers": ["SMIC"]}})
	d := component_makers.decision with input as given.at(given.asks(given.part(given.h100), question), in_force)
	d.status == "unknown"
	contains(d.detail, "not verified")
}

test_unknown_when_it_names_nobody if {
	decide([], in_force).status == "unknown"
}
