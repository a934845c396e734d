package gpuaudit.rules.import_restriction.place_context_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.place_context

decide(facts, question) := d if d := place_context.decision with input as given.asks(facts, question)

test_fails_for_the_route_of_the_h200 if {
	d := decide(given.numbered("2335", given.h200), {"jurisdiction": "CN", "profile": "exporter"})
	d.status == "fail"
	contains(d.detail, "Proclamation 11002")
	contains(d.detail, "Common High Priority List")
	d.key == "chpl-2024-02,us-h200-25pct-route"
}

# By the tariff number of the papers: 8473.30 is not on the list.
test_passes_by_the_tariff_number if {
	asks := {"jurisdiction": "KZ", "profile": "exporter", "purchase": {"hts": "8473.30.1180"}}
	decide(given.part(given.rtx4090d), asks).status == "pass"
	listed := {"jurisdiction": "KZ", "profile": "exporter", "purchase": {"hts": "8471.50.0150"}}
	decide(given.part(given.rtx4090d), listed).status == "fail"
}

test_fails_for_a_foreign_maker_in_china if {
	site := {"jurisdiction": "CN", "profile": "critical-infrastructure"}
	decide(given.part(given.rtx4090d), site).status == "fail"
	decide(given.made_by("1e36", {"name": "S60"}), site).status == "pass"
}

test_fails_for_a_maker_that_a_state_names if {
	decide(given.made_by("1ded", {"name": "PPU"}), given.company).status == "fail"
	decide(given.part(given.h100), given.company).status == "pass"
}

test_passes_for_a_private_person if decide(given.part(given.h100), given.private("DE")).status == "pass"

test_not_applicable_before_anybody_asks if decide(given.part(given.h100), {}).status == "not-applicable"

test_unknown_without_the_place if decide(given.part(given.h20), {"profile": "federal-contractor"}).status == "unknown"

# A private person and a company side by side.
test_fails_without_a_profile if {
	d := decide(given.part(given.h100), {"jurisdiction": "MY"})
	d.status == "fail"
	contains(d.detail, "A private person: Import and use are free")
}
