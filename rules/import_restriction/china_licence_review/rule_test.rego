package gpuaudit.rules.import_restriction.china_licence_review_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.china_licence_review

decide(row, question) := d if d := china_licence_review.decision with input as given.asks(given.part(row), question)

china := {"jurisdiction": "CN", "profile": "exporter"}

test_fails_for_b200 if {
	d := decide(given.b200, china)
	d.status == "fail"
	contains(d.detail, "36000")
}

test_fails_by_the_bandwidth if decide(given.dense("x", "data-centre", 2000, 8, null, 6500), china).status == "fail"

test_passes_to_case_by_case_review if {
	d := decide(given.h200, china)
	d.status == "pass"
	contains(d.detail, "case by case")
	decide(given.mi325x, {"jurisdiction": "MO", "profile": "company"}).status == "pass"
}

test_not_applicable_below_the_control if decide(given.h20, china).status == "not-applicable"

test_not_applicable_elsewhere if decide(given.b200, given.exporter).status == "not-applicable"

test_not_applicable_before_the_rule if {
	d := china_licence_review.decision with input as given.at(given.asks(given.part(given.h200), china), "2026-01-14T00:00:00Z")
	d.status == "not-applicable"
}

test_unknown_without_the_bandwidth if {
	d := decide(given.a100, china)
	d.status == "unknown"
	"/catalogue/accelerator/bandwidth_gbs" in d.missing
}

test_unknown_outside_the_catalogue if {
	d := china_licence_review.decision with input as given.asks(fixture.base, china)
	d.status == "unknown"
}

# A private owner exports nothing.
test_not_applicable_to_private_use if decide(given.b200, {"jurisdiction": "CN", "profile": "private"}).status == "not-applicable"

test_unknown_for_one_of_two if {
	d := decide(given.b200, {"jurisdiction": "HK"})
	d.status == "unknown"
	d.missing == ["/question/profile"]
}
