package gpuaudit.rules.import_restriction.maker_named_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.maker_named

# Nobody asked: this is what everybody is told.
decide(facts) := d if d := maker_named.decision with input as facts

test_fails_for_a_listed_maker if {
	d := decide(given.made_by("1ed5", {"name": "MTT S4000"}))
	d.status == "fail"
	contains(d.detail, "88 FR 71991")
	contains(d.detail, "as of 2026-07-31")
	d.key == "us-el-biren-moorethreads"
}

test_passes_for_makers_without_record if {
	decide(given.part(given.h100)).status == "pass"
	decide(given.made_by("1d0f", {"name": "Trainium2"})).status == "pass"
}

# The id alone tells no accelerator where the maker has other products, too.
test_not_applicable_to_other_products if {
	facts := object.union(fixture.base, {"device": {"pci": {"vendor_id": "19e5", "device_id": "1711", "class_code": "030000"}}})
	decide(facts).status == "not-applicable"
}

test_not_applicable_to_display_adapters if {
	decide(given.made_by("1a03", {})).status == "not-applicable"
}

test_not_applicable_when_the_data_are_too_old if {
	decide(given.at(given.made_by("1ed5", {"name": "MTT S4000"}), "2028-06-01T00:00:00Z")).status == "not-applicable"
}

test_unknown_without_the_maker if {
	d := decide(given.made_by("dead", {}))
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}
