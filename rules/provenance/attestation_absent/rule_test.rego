package gpuaudit.rules.provenance.attestation_absent_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.attestation_absent

test_fails_without_evidence if {
	d := attestation_absent.decision with input as fixture.attested_host({"state": "absent", "reason": "the TPM gave no evidence: not-present"})
	d.status == "fail"
}

test_passes_with_evidence if {
	d := attestation_absent.decision with input as fixture.attested_host({"state": "unproven"})
	d.status == "pass"
}

test_unknown_without_a_state if {
	d := attestation_absent.decision with input as json.remove(fixture.attested_host({}), ["/attestation/state"])
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := attestation_absent.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
