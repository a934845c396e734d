package gpuaudit.rules.backdoor.gpu_developer_mode_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.gpu_developer_mode as rule

settings(status, code) := {"checks": [{"name": "host-settings", "status": status, "code": code, "detail": "the host says that DEVTOOLS mode is on."}]}

test_fails_on_devtools if {
	d := rule.decision with input as fixture.proven(object.union(settings("fail", "devtools"), {"outcome": "not-verifiable", "state": "failed"}))
	d.status == "fail"
	d.key == "devtools"
	d.evidence == ["/gpu_proof/devices/0/checks/0"]
}

test_passes_where_the_measurements_match if {
	d := rule.decision with input as fixture.proven({})
	d.status == "pass"
}

test_unknown_where_they_do_not if {
	d := rule.decision with input as fixture.proven({"outcome": "genuine-no-reference", "state": "unproven"})
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
