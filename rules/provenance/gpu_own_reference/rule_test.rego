package gpuaudit.rules.provenance.gpu_own_reference_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.gpu_own_reference as rule

own := [{"manifest": "ab", "name": "m.json", "issuer": "fleet", "kind": "operator", "version": "driver 590.12", "issued": "2026-11-24"}]

measured(verdict, patch) := object.union(fixture.proven(patch), {"reference": {"measurements": verdict}})

unproven(verdict) := object.union(fixture.unproven({}), {"reference": {"measurements": verdict}})

test_fails_on_a_difference if {
	d := rule.decision with input as measured({"state": "mismatch", "reason": "the card measured something else at index 9", "vouchers": own, "differences": [{"fact": "/measured/9", "expected": "ab", "actual": "another value"}]}, {})
	d.status == "fail"
	d.key == "/measured/9"
	contains(d.detail, "index 9")
	contains(d.detail, "2026-11-24, by fleet")
}

test_fails_on_a_difference_whatever_the_maker_states if {
	d := rule.decision with input as measured({"state": "mismatch", "reason": "at index 9", "vouchers": own}, {"outcome": "genuine-and-matches"})
	d.status == "fail"
}

test_passes_where_nothing_changed if {
	d := rule.decision with input as measured({"state": "match", "reason": "as stated", "vouchers": own}, {"outcome": "genuine-no-reference", "state": "unproven"})
	d.status == "pass"
	contains(d.detail, "since 2026-11-24, by fleet")
	contains(d.detail, "Nobody says")
}

test_unknown_where_it_is_not_genuine if {
	d := rule.decision with input as measured({"state": "match", "reason": "as stated", "vouchers": own}, {"outcome": "not-genuine"})
	d.status == "unknown"
}

test_unknown_where_nobody_is_named if {
	d := rule.decision with input as measured({"state": "match", "reason": "as stated", "vouchers": []}, {})
	d.status == "unknown"
}

test_unknown_when_it_did_not_answer if {
	d := rule.decision with input as unproven({"state": "unknown", "reason": "the card signed no measurements that verify", "vouchers": own})
	d.status == "unknown"
}

test_unknown_when_nothing_was_compared if {
	d := rule.decision with input as fixture.unproven({})
	d.status == "unknown"
}

test_not_applicable_where_nobody_states_them if {
	d := rule.decision with input as measured({"state": "not-covered", "reason": "no trusted manifest states the measurements of this device"}, {})
	d.status == "not-applicable"
}

test_not_applicable_when_nobody_asked if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}
