package gpuaudit.rules.import_restriction.investment_list_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.investment_list

decide(facts, question, now) := d if d := investment_list.decision with input as given.at(given.asks(facts, question), now)

today := "2026-11-24T00:00:00Z"

test_fails_for_a_listed_maker if {
	every vendor in ["19e5", "0731"] {
		d := decide(given.made_by(vendor, {}), given.company, today)
		d.status == "fail"
		contains(d.detail, "NS-CMIC")
	}
}

test_passes_for_others if {
	decide(given.part(given.h100), given.company, today).status == "pass"
}

test_not_applicable_the_day_before if {
	decide(given.made_by("19e5", {}), given.company, "2021-08-01T23:59:59Z").status == "not-applicable"
}

test_not_applicable_to_private_use if {
	decide(given.made_by("19e5", {}), {"jurisdiction": "US", "profile": "private"}, today).status == "not-applicable"
}

test_unknown_without_the_maker if {
	decide(given.made_by("dead", {}), given.company, today).status == "unknown"
}
