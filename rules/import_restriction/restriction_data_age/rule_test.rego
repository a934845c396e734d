package gpuaudit.rules.import_restriction.restriction_data_age_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.restriction_data_age

decide(now) := d if d := restriction_data_age.decision with input as given.at(given.asks(fixture.host_only({}), given.company), now)

test_fails_when_stale if decide("2027-06-01T00:00:00Z").status == "fail"

test_passes_when_fresh if {
	d := decide("2026-11-24T00:00:00Z")
	d.status == "pass"
	contains(d.detail, "94 days")
}

test_not_applicable_before_anybody_asks if {
	d := restriction_data_age.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}

test_unknown_when_too_old if decide("2028-06-01T00:00:00Z").status == "unknown"

test_unknown_when_the_clock_is_before_the_data if decide("2026-01-01T00:00:00Z").status == "unknown"
