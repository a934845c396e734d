package gpuaudit.rules.import_restriction.maker_ownership_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.maker_ownership

decide(facts, now) := d if d := maker_ownership.decision with input as given.at(given.asks(facts, given.company), now)

after := "2026-11-10T00:00:00Z"

before := "2025-10-15T00:00:00Z"

# No rule knows an owner, so none can fail: what needs a human is all there is.
test_fails_never_for_want_of_owners if {
	decide(given.made_by("1e36", {"name": "Enflame"}), after).status != "fail"
}

test_passes_for_a_maker_without_record_or_suspicion if {
	d := decide(given.part(given.h100), after)
	d.status == "pass"
	contains(d.detail, "FR Doc 2025-19001")
}

test_not_applicable_while_suspended if {
	decide(given.made_by("1e36", {"name": "Enflame"}), "2026-11-09T23:59:59Z").status == "not-applicable"
}

test_not_applicable_to_a_listed_maker if {
	decide(given.made_by("1ed5", {"name": "MTT S4000"}), after).status == "not-applicable"
}

test_not_applicable_to_private_use if {
	d := maker_ownership.decision with input as given.at(given.asks(given.part(given.h100), {"jurisdiction": "US", "profile": "private"}), after)
	d.status == "not-applicable"
}

test_unknown_while_it_was_in_force if {
	d := decide(given.made_by("1e36", {"name": "Enflame"}), before)
	d.status == "unknown"
	contains(d.detail, "Who owns")
}

# Nobody has verified what followed the suspension: neither in force nor not.
test_unknown_after_the_suspension if {
	d := decide(given.made_by("1e36", {"name": "Enflame"}), after)
	d.status == "unknown"
	contains(d.detail, "Its suspension ended on 2026-11-09")
	contains(d.detail, "not verified")
}

test_unknown_abroad_for_an_exporter if {
	facts := given.at(given.asks(given.made_by("1e36", {}), {"jurisdiction": "JP", "profile": "exporter"}), after)
	d := maker_ownership.decision with input as facts
	d.status == "unknown"
}

test_unknown_without_the_maker if {
	d := decide(given.made_by("dead", {}), after)
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}
