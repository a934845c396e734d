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

own := {"reference": {"measurements": {"state": "match", "reason": "as stated", "vouchers": [{"manifest": "ab", "name": "m.json", "issuer": "fleet", "kind": "operator", "version": "", "issued": "2026-11-24"}]}}}

unpublished(checks) := object.union(fixture.proven({"outcome": "genuine-no-reference", "state": "unproven", "checks": checks}), own)

test_passes_where_nothing_changed if {
	d := rule.decision with input as unpublished([{"name": "spdm-signature", "status": "pass"}, {"name": "host-settings", "status": "unknown", "code": "not-stated"}, {"name": "driver-manifest", "status": "unknown", "code": "no-reference"}])
	d.status == "pass"
	contains(d.detail, "since 2026-11-24, by fleet")
}

test_fails_whatever_ones_own_states if {
	d := rule.decision with input as unpublished([{"name": "spdm-signature", "status": "pass"}, {"name": "host-settings", "status": "fail", "code": "devtools", "detail": "on"}])
	d.status == "fail"
}

test_unknown_where_nobody_looked_at_the_mode if {
	d := rule.decision with input as unpublished([{"name": "spdm-signature", "status": "pass"}])
	d.status == "unknown"
}
