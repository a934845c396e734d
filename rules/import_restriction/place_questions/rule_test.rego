package gpuaudit.rules.import_restriction.place_questions_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.place_questions

decide(facts, question) := d if d := place_questions.decision with input as given.asks(facts, question)

# What needs a human is no fault of the card.
test_fails_never if decide(given.part(given.h100), {"jurisdiction": "MY", "profile": "exporter"}).status != "fail"

test_passes_below_the_threshold if decide(given.part(given.h20), {"jurisdiction": "MY", "profile": "exporter"}).status == "pass"

test_passes_for_a_private_person if decide(given.part(given.h100), given.private("MY")).status == "pass"

test_unknown_for_an_exporter if {
	d := decide(given.part(given.h100), {"jurisdiction": "MY", "profile": "exporter"})
	d.status == "unknown"
	contains(d.detail, "Strategic Trade Act 2010 s.12")
	contains(d.detail, "Permit and 30 days' notice")
}

# What cannot be told from the catalogue does not except.
test_unknown_without_figures if decide(given.part({"name": "x"}), {"jurisdiction": "MY", "profile": "exporter"}).status == "unknown"

test_unknown_for_a_company_in_india if decide(given.part(given.h20), {"jurisdiction": "IN", "profile": "company"}).status == "unknown"

# In force from a later day, and of a member of the union.
test_passes_until_the_law_counts if {
	facts := given.asks(given.part(given.h20), {"jurisdiction": "FR", "profile": "company"})
	before := place_questions.decision with input as given.at(facts, "2027-12-13T00:00:00Z")
	before.status == "pass"
	after := place_questions.decision with input as given.at(facts, "2027-12-14T00:00:00Z")
	after.status == "unknown"
	contains(after.detail, "2024/3015")
	contains(after.detail, "is not verified")
}

test_not_applicable_before_anybody_asks if decide(given.part(given.h100), {}).status == "not-applicable"

test_unknown_without_the_place if decide(given.part(given.h100), {"profile": "exporter"}).status == "unknown"
