package gpuaudit.rules.backdoor.kernel_forced_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.kernel_forced

flags(letters) := fixture.host_only({"kernel": {"taint_flags": letters}})

test_fails_on_force if {
	d := kernel_forced.decision with input as flags("FRO")
	d.status == "fail"
	contains(d.detail, "loaded and removed")
}

test_passes_without_force if {
	d := kernel_forced.decision with input as flags("POE")
	d.status == "pass"
}

test_unknown_when_unread if {
	d := kernel_forced.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/taint_flags"])
	d.status == "unknown"
}
