package gpuaudit.rules.import_restriction.forced_labor_origin_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.forced_labor_origin

decide(question, now) := d if d := forced_labor_origin.decision with input as given.at(given.asks(given.part(given.h100), question), now)

today := "2026-11-24T00:00:00Z"

# The law presumes, and a presumption can be rebutted: a human has to look.
test_fails_never_on_a_presumption if {
	decide({"jurisdiction": "US", "origin": "CN"}, today).status != "fail"
}

test_passes_for_another_origin if {
	decide({"jurisdiction": "US", "origin": "TW"}, today).status == "pass"
}

test_not_applicable_elsewhere if {
	decide({"jurisdiction": "DE", "origin": "CN"}, today).status == "not-applicable"
}

test_not_applicable_before_the_law if {
	decide({"jurisdiction": "US", "origin": "CN"}, "2022-06-20T23:59:59Z").status == "not-applicable"
}

test_unknown_for_chinese_goods if {
	d := decide({"jurisdiction": "US", "origin": "CN"}, today)
	d.status == "unknown"
	contains(d.detail, "needs a human")
	contains(d.detail, "Pub. L. 117-78")
}

test_unknown_without_the_origin if {
	d := decide({"jurisdiction": "US"}, today)
	d.status == "unknown"
	d.missing == ["/question/origin"]
}
