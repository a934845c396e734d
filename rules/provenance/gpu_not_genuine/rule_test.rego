package gpuaudit.rules.provenance.gpu_not_genuine_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.gpu_not_genuine as rule

failing(name, code) := {"outcome": "not-genuine", "state": "failed", "checks": [{"name": "spdm-form", "status": "pass"}, {"name": name, "status": "fail", "code": code, "detail": "why."}]}

test_fails_on_a_broken_signature if {
	d := rule.decision with input as fixture.proven(failing("spdm-signature", "signature"))
	d.status == "fail"
	d.key == "signature"
	d.evidence == ["/gpu_proof/devices/0/outcome", "/gpu_proof/devices/0/checks/1"]
}

test_fails_on_a_foreign_chain if {
	d := rule.decision with input as fixture.proven(failing("device-chain", "unknown-root"))
	d.status == "fail"
}

test_fails_on_a_revoked_certificate if {
	d := rule.decision with input as fixture.proven(object.union(failing("device-revocation", "revoked"), {"outcome": "not-verifiable"}))
	d.status == "fail"
	d.key == "revoked"
}

test_passes_on_a_genuine_card if {
	d := rule.decision with input as fixture.proven({})
	d.status == "pass"
}

test_passes_without_a_manifest if {
	d := rule.decision with input as fixture.proven({"outcome": "genuine-no-reference", "state": "unproven"})
	d.status == "pass"
}

test_unknown_on_another_nonce if {
	d := rule.decision with input as fixture.proven(object.union(failing("spdm-nonce", "nonce"), {"outcome": "not-verifiable"}))
	d.status == "unknown"
	contains(d.detail, "spdm-nonce (nonce)")
}

test_unknown_when_it_did_not_answer if {
	d := rule.decision with input as fixture.unproven({})
	d.status == "unknown"
	contains(d.detail, "did not answer")
}

test_not_applicable_when_nobody_asked if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_to_other_makers if {
	d := rule.decision with input as object.union(fixture.proven({}), {"device": {"pci": {"vendor_id": "1002"}}})
	d.status == "not-applicable"
}
