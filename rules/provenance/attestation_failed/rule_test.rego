package gpuaudit.rules.provenance.attestation_failed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.attestation_failed

test_fails_on_a_failed_check if {
	d := attestation_failed.decision with input as fixture.attested_host({"state": "failed", "checks": [{"name": "quote-nonce", "status": "fail", "code": "extra-data-mismatch"}]})
	d.status == "fail"
	d.key == "extra-data-mismatch"
	d.evidence == ["/attestation/state", "/attestation/checks/0"]
}

test_passes_when_verified if {
	d := attestation_failed.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_when_unproven if {
	d := attestation_failed.decision with input as fixture.attested_host({"state": "unproven", "reason": "not known: ak-binding (ak-not-enrolled)"})
	d.status == "unknown"
	contains(d.detail, "ak-not-enrolled")
}

test_not_applicable_when_not_asked if {
	d := attestation_failed.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
