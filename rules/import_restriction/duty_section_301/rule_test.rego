package gpuaudit.rules.import_restriction.duty_section_301_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.duty_section_301

decide(question, now) := d if d := duty_section_301.decision with input as given.at(given.asks(given.part(given.h100), question), now)

chinese := {"jurisdiction": "US", "origin": "CN"}

test_fails_for_another_part if {
	facts := object.union(given.asks(given.part(given.h100), chinese), {"device": {"pci": {"class_code": "0b4000"}}})
	d := duty_section_301.decision with input as facts
	d.status == "fail"
	contains(d.detail, "9903.88.03")
}

test_passes_for_another_origin if {
	decide({"jurisdiction": "US", "origin": "TW"}, "2026-11-24T00:00:00Z").status == "pass"
}

test_passes_while_the_exclusion_stands if {
	d := decide(chinese, "2026-11-09T23:59:59Z")
	d.status == "pass"
	contains(d.detail, "up to 2026-11-09")
}

test_not_applicable_elsewhere if {
	decide({"jurisdiction": "DE", "origin": "CN"}, "2026-11-24T00:00:00Z").status == "not-applicable"
}

test_not_applicable_before_the_duty if {
	decide(chinese, "2018-01-01T00:00:00Z").status == "not-applicable"
}

test_unknown_after_the_exclusion if {
	d := decide(chinese, "2026-11-10T00:00:00Z")
	d.status == "unknown"
	contains(d.detail, "needs a human")
}

test_unknown_without_the_origin if {
	d := decide({"jurisdiction": "US"}, "2026-11-24T00:00:00Z")
	d.status == "unknown"
	d.missing == ["/question/origin"]
	contains(d.detail, "--origin")
}

# The day of entry decides, and that of the purchase where the papers have no other.
test_passes_by_the_days_of_the_papers if {
	d := decide(object.union(chinese, {"purchase": {"date": "2026-10-20", "hts": "8473.30.1180"}}), "2026-11-24T00:00:00Z")
	d.status == "pass"
	contains(d.detail, "the day of purchase 2026-10-20")
	e := decide(object.union(chinese, {"purchase": {"date": "2026-10-20", "entry_date": "2026-11-09"}}), "2026-11-24T00:00:00Z")
	e.status == "pass"
	contains(e.detail, "the day of entry 2026-11-09")
}

test_unknown_by_the_day_of_entry if {
	d := decide(object.union(chinese, {"purchase": {"date": "2026-10-20", "entry_date": "2026-11-10"}}), "2026-11-24T00:00:00Z")
	d.status == "unknown"
	contains(d.detail, "the day of entry 2026-11-10")
	decide(object.union(chinese, {"purchase": {"date": "2024-06-14"}}), "2026-11-24T00:00:00Z").status == "unknown"
}

numbered(hts) := object.union(chinese, {"purchase": {"hts": hts}})

test_fails_for_bare_chips if {
	d := decide(numbered("8542.31.0075"), "2026-11-24T00:00:00Z")
	d.status == "fail"
	contains(d.detail, "50 % on import")
	contains(d.detail, "9903.91.0")
}

# The duty on chips began later than that on cards.
test_not_applicable_to_bare_chips_before_their_duty if {
	decide(numbered("8542.31.0075"), "2024-12-31T23:59:59Z").status == "not-applicable"
}

test_fails_for_a_computer if {
	d := decide(numbered("8471.50.0150"), "2026-11-01T00:00:00Z")
	d.status == "fail"
	contains(d.detail, "25 % on import")
}

test_passes_for_a_module_by_its_number if {
	decide(numbered("8473.30.1180"), "2026-11-09T23:59:59Z").status == "pass"
}

test_unknown_for_a_module_by_its_number if {
	decide(numbered("8473.30.1180"), "2026-11-10T00:00:00Z").status == "unknown"
}

test_not_applicable_to_other_numbers if {
	decide(numbered("8504.40.8500"), "2026-11-24T00:00:00Z").status == "not-applicable"
}
