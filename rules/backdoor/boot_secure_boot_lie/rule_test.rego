package gpuaudit.rules.backdoor.boot_secure_boot_lie_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_secure_boot_lie

test_fails_when_measured_off if {
	d := boot_secure_boot_lie.decision with input as fixture.attested_host({"boot": {"secure_boot": false, "secure_boot_agrees": "differs"}})
	d.status == "fail"
	contains(d.detail, "was off")
}

test_passes_when_both_say_on if {
	d := boot_secure_boot_lie.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_when_not_logged if {
	d := boot_secure_boot_lie.decision with input as fixture.attested_host({"boot": {"secure_boot_agrees": "unknown"}})
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := boot_secure_boot_lie.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
