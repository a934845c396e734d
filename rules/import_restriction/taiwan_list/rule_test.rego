package gpuaudit.rules.import_restriction.taiwan_list_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.taiwan_list

decide(facts, question, now) := d if d := taiwan_list.decision with input as given.at(given.asks(facts, question), now)

firm := {"jurisdiction": "TW", "profile": "company"}

ascend := given.made_by("19e5", {"name": "Ascend 910B (Atlas A2)"})

test_fails_for_a_listed_maker if {
	d := decide(ascend, firm, "2025-06-10T00:00:00Z")
	d.status == "fail"
	contains(d.detail, "read in secondary sources only")
}

test_passes_for_others if {
	decide(given.part(given.h100), firm, "2026-11-24T00:00:00Z").status == "pass"
}

test_not_applicable_the_day_before if {
	decide(ascend, firm, "2025-06-09T23:59:59Z").status == "not-applicable"
}

test_not_applicable_elsewhere if {
	decide(ascend, given.company, "2026-11-24T00:00:00Z").status == "not-applicable"
}

test_unknown_without_the_maker if {
	decide(given.made_by("dead", {}), firm, "2026-11-24T00:00:00Z").status == "unknown"
}
