package gpuaudit.rules.import_restriction.unlisted_maker_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.unlisted_maker

decide(vendor) := d if d := unlisted_maker.decision with input as given.asks(given.made_by(vendor, {}), given.company)

test_fails_for_a_maker_that_was_not_searched if {
	decide("dead").status == "fail"
}

test_passes_for_makers_that_were_searched if {
	decide("10de").status == "pass"
	decide("1ed5").status == "pass"
	decide("1e36").status == "pass"
	decide("1d0f").status == "pass"
	decide("17cb").status == "pass"
	decide("1ae0").status == "pass"
}

test_not_applicable_before_anybody_asks if {
	d := unlisted_maker.decision with input as given.made_by("dead", {})
	d.status == "not-applicable"
}

test_unknown_without_the_maker if {
	d := unlisted_maker.decision with input as json.remove(given.asks(fixture.base, given.company), ["/device/pci/vendor_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}
