package gpuaudit.rules.backdoor.boot_log_broken_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_log_broken

test_fails_when_it_does_not_replay if {
	d := boot_log_broken.decision with input as fixture.attested_host({"state": "failed", "checks": [{"name": "log-replay", "status": "fail", "code": "log-pcr-mismatch", "detail": "PCR 2"}]})
	d.status == "fail"
	contains(d.detail, "log-pcr-mismatch: PCR 2")
}

test_passes_when_it_replays if {
	d := boot_log_broken.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_without_one_of_its_checks if {
	d := boot_log_broken.decision with input as fixture.attested_host({"checks": [{"name": "log-form", "status": "pass"}]})
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := boot_log_broken.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
