package gpuaudit.rules.provenance.gpu_proof_set_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.gpu_proof_set as rule

test_fails_on_one_key_twice if {
	d := rule.decision with input as fixture.proven_host({"state": "failed", "checks": [{"name": "devices", "status": "fail", "code": "duplicate-device", "detail": "one device answered twice"}]})
	d.status == "fail"
	d.key == "duplicate-device"
	d.evidence == ["/gpu_proof/checks/0"]
}

test_passes_when_all_answered if {
	d := rule.decision with input as fixture.proven_host({})
	d.status == "pass"
}

test_unknown_when_one_is_silent if {
	d := rule.decision with input as fixture.proven_host({"silent": ["0000:02:00.0"]})
	d.status == "unknown"
}

test_unknown_without_checks if {
	d := rule.decision with input as fixture.proven_host({"checks": []})
	d.status == "unknown"
}

test_unknown_when_nobody_answered if {
	d := rule.decision with input as fixture.proven_host({"answered": 0})
	d.status == "unknown"
}

test_not_applicable_when_nobody_asked if {
	d := rule.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
