package gpuaudit.rules.import_restriction.duty_section_232_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.duty_section_232

decide(row, question) := d if d := duty_section_232.decision with input as given.asks(given.part(row), question)

test_fails_for_h200 if {
	d := decide(given.h200, given.company)
	d.status == "fail"
	contains(d.detail, "25 %")
	contains(d.detail, "TPP = 1979 x 8 = 15832; memory bandwidth 4800 GB/s")
}

test_fails_for_mi325x if decide(given.mi325x, given.company).status == "fail"

# The same performance with another bandwidth is outside the bands.
test_passes_for_h100 if decide(given.h100, given.company).status == "pass"

test_passes_for_mi300x if decide(given.mi300x, given.company).status == "pass"

test_passes_far_from_the_bands_without_bandwidth if decide(given.a100, given.company).status == "pass"

# The ends of the bands are outside.
test_passes_at_the_ends if {
	decide(given.dense("x", "data-centre", 1750, 8, null, 4800), given.company).status == "pass"
	decide(given.dense("x", "data-centre", 1800, 8, null, 4500), given.company).status == "pass"
	decide(given.dense("x", "data-centre", 2600, 8, null, 6000), given.company).status == "pass"
	decide(given.dense("x", "data-centre", 2614, 8, null, 6200), given.company).status == "pass"
}

test_not_applicable_elsewhere if decide(given.h200, {"jurisdiction": "DE"}).status == "not-applicable"

test_not_applicable_before_the_duty if {
	d := duty_section_232.decision with input as given.at(given.asks(given.part(given.h200), given.company), "2026-01-14T00:00:00Z")
	d.status == "not-applicable"
}

test_unknown_without_the_bandwidth if {
	d := decide(object.remove(given.h200, ["bandwidth_gbs"]), given.company)
	d.status == "unknown"
}

test_unknown_outside_the_catalogue if {
	d := duty_section_232.decision with input as given.asks(fixture.base, given.company)
	d.status == "unknown"
}

# The tariff number says what was imported.
test_not_applicable_to_another_tariff_number if {
	every hts, status in {"8504.40.8500": "not-applicable", "8473.30.1180": "fail", "8471.50.0150": "fail"} {
		question := object.union(given.company, {"purchase": {"hts": hts}})
		d := duty_section_232.decision with input as given.asks(given.part(given.h200), question)
		d.status == status
	}
}
