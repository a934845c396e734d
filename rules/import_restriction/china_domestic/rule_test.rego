package gpuaudit.rules.import_restriction.china_domestic_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.china_domestic

decide(facts, profile, now) := d if d := china_domestic.decision with input as given.at(given.asks(facts, {"jurisdiction": "CN", "profile": profile}), now)

today := "2026-11-24T00:00:00Z"

# A press report is no law to break.
test_fails_never_on_a_report if {
	decide(given.part(given.h100), "company", today).status != "fail"
}

test_passes_for_a_domestic_maker if {
	decide(given.made_by("19e5", {}), "company", today).status == "pass"
}

test_not_applicable_to_private_use if {
	decide(given.part(given.h100), "private", today).status == "not-applicable"
}

test_not_applicable_the_day_before if {
	decide(given.part(given.h100), "company", "2025-11-04T23:59:59Z").status == "not-applicable"
}

test_unknown_for_a_foreign_maker if {
	d := decide(given.part(given.h100), "critical-infrastructure", today)
	d.status == "unknown"
	contains(d.detail, "needs a human")
}

test_unknown_without_the_maker if {
	decide(given.made_by("dead", {}), "company", today).status == "unknown"
}
