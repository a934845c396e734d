package gpuaudit.rules.provenance.attestation_nonce_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.attestation_nonce

test_fails_on_a_nonce_of_its_own if {
	d := attestation_nonce.decision with input as fixture.attested_host({"nonce_from": "evidence"})
	d.status == "fail"
}

test_passes_on_the_verifiers if {
	d := attestation_nonce.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_when_it_does_not_verify if {
	d := attestation_nonce.decision with input as fixture.attested_host({"state": "failed"})
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := attestation_nonce.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
