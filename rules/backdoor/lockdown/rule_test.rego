package gpuaudit.rules.backdoor.lockdown_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.lockdown

test_fails_when_off if {
	d := lockdown.decision with input as fixture.host_only({"kernel": {"lockdown": "none"}})
	d.status == "fail"
}

test_passes_when_on if {
	d := lockdown.decision with input as fixture.host_only({})
	d.status == "pass"
}

test_unknown_when_unread if {
	d := lockdown.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/lockdown"])
	d.status == "unknown"
}
