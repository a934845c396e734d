package gpuaudit.rules.provenance.offer_condition_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.offer_condition

sold(state) := fixture.facts({
	"question": {"sold_as": "RTX 4090 48GB"},
	"reference": {"offer": {"condition": {"claim": "as offered", "state": state, "reason": "the card says so"}}},
})

test_fails_where_the_card_is_otherwise if {
	d := offer_condition.decision with input as sold("mismatch")
	d.status == "fail"
	d.evidence[0] == "/reference/offer/condition"
	contains(d.detail, "the card says so")
}

test_passes_where_the_card_is_so if {
	d := offer_condition.decision with input as sold("match")
	d.status == "pass"
}

test_not_applicable_where_nothing_is_said_of_it if {
	d := offer_condition.decision with input as sold("not-covered")
	d.status == "not-applicable"
}

test_not_applicable_where_nobody_offered if {
	d := offer_condition.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_where_it_cannot_be_told if {
	d := offer_condition.decision with input as sold("unknown")
	d.status == "unknown"
}

test_unknown_where_nothing_was_compared if {
	d := offer_condition.decision with input as fixture.facts({"question": {"sold_as": "RTX 4090"}})
	d.status == "unknown"
}
