package gpuaudit.attestation_test

import data.gpuaudit.attestation
import data.gpuaudit.fixture

test_reason_beside_a_digest if {
	attestation.named([{"value": {"digest": "aa", "reason": "readings-differ"}}, {"value": {}}]) == ["aa (readings-differ)", "not measured"]
}

test_nothing_is_proven_without_a_state if {
	not attestation.proven with input as fixture.facts({})
	text := attestation.lacking("It") with input as {}
	text == "It is not proven: the evidence was not verified."
}

test_a_driver_without_its_device_spoils_the_list if {
	not attestation.all_drivers with input as json.remove(fixture.attested({}), ["/attestation/boot/drivers/0/device"])
}

test_checks_are_named if {
	failed := attestation.failed_checks("log-") with input as fixture.attested({"checks": [{"name": "log-form", "status": "fail", "code": "log-truncated", "detail": "cut"}]})
	attestation.said(failed) == ["log-form: log-truncated: cut"]
}

test_digests_are_complete_without_measured_drivers if {
	attestation.complete_digests with input as fixture.attested({"boot": {"drivers": [{"device": "0000:01:00.0", "verdict": "present-never-measured", "event": -1}]}})
}

test_a_measured_driver_without_its_digest_is_found if {
	not attestation.complete_digests with input as json.remove(fixture.attested({}), ["/attestation/boot/drivers/0/digest"])
}
