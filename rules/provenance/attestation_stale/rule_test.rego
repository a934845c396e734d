package gpuaudit.rules.provenance.attestation_stale_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.attestation_stale

test_fails_on_another_boot if {
	d := attestation_stale.decision with input as fixture.attested_host({"same_boot": "no"})
	d.status == "fail"
}

test_fails_after_a_month if {
	d := attestation_stale.decision with input as fixture.attested_host({"age_days": 31})
	d.status == "fail"
	contains(d.detail, "31 days")
}

test_fails_on_evidence_of_the_future if {
	d := attestation_stale.decision with input as fixture.attested_host({"age_days": -2})
	d.status == "fail"
}

test_passes_when_of_one_boot if {
	d := attestation_stale.decision with input as fixture.attested_host({"age_days": 30})
	d.status == "pass"
}

test_unknown_when_only_the_nonce_is_covered if {
	d := attestation_stale.decision with input as fixture.attested_host({"covers": "nothing"})
	d.status == "unknown"
	d.missing == ["/attestation/covers"]
}

test_unknown_without_a_log if {
	d := attestation_stale.decision with input as fixture.attested_host({"same_boot": "unknown"})
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := attestation_stale.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
