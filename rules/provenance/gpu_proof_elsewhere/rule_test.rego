package gpuaudit.rules.provenance.gpu_proof_elsewhere_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.gpu_proof_elsewhere as rule

test_fails_on_another_architecture if {
	d := rule.decision with input as fixture.proven({"architecture": "BLACKWELL", "chip": "GB100"})
	d.status == "fail"
	d.key == "architecture"
}

test_fails_on_another_chip if {
	d := rule.decision with input as fixture.proven({"disagrees": ["chip-id"], "agrees": ["driver"]})
	d.status == "fail"
	d.key == "chip-id"
	contains(d.detail, "chip-id")
}

test_passes_where_it_fits if {
	d := rule.decision with input as fixture.proven({})
	d.status == "pass"
}

test_unknown_where_nothing_was_compared if {
	d := rule.decision with input as fixture.proven({"agrees": []})
	d.status == "unknown"
}

test_unknown_when_it_is_not_genuine if {
	d := rule.decision with input as fixture.proven({"outcome": "not-genuine", "disagrees": ["chip-id"]})
	d.status == "unknown"
}

test_unknown_when_it_did_not_answer if {
	d := rule.decision with input as fixture.unproven({})
	d.status == "unknown"
}

test_not_applicable_when_nobody_asked if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}
