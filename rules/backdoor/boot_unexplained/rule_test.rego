package gpuaudit.rules.backdoor.boot_unexplained_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_unexplained

test_fails_on_an_event_without_a_name if {
	d := boot_unexplained.decision with input as fixture.attested_host({"boot": {"unexplained": [{"event": 9, "type": "EV_IPL", "digest": "aa"}]}})
	d.status == "fail"
	contains(d.detail, "EV_IPL, aa")
}

test_passes_without if {
	d := boot_unexplained.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_without_the_list if {
	d := boot_unexplained.decision with input as json.remove(fixture.attested_host({}), ["/attestation/boot/unexplained"])
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := boot_unexplained.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
