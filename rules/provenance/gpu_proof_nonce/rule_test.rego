package gpuaudit.rules.provenance.gpu_proof_nonce_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.gpu_proof_nonce as rule

test_fails_on_a_nonce_of_its_own if {
	d := rule.decision with input as fixture.proven_host({"nonce_from": "evidence"})
	d.status == "fail"
}

test_passes_on_a_verifiers if {
	d := rule.decision with input as fixture.proven_host({})
	d.status == "pass"
}

test_unknown_when_nobody_answered if {
	d := rule.decision with input as fixture.proven_host({"answered": 0, "state": "unproven"})
	d.status == "unknown"
}

test_unknown_when_it_failed if {
	d := rule.decision with input as fixture.proven_host({"state": "failed"})
	d.status == "unknown"
}

test_not_applicable_when_nobody_asked if {
	d := rule.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
