package gpuaudit.rules.backdoor.kernel_live_patched_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.kernel_live_patched as rule

flags(letters) := fixture.host_only({"kernel": {"taint_flags": letters, "tainted_modules": [{"name": "livepatch_1", "flags": "K"}]}})

test_fails_on_a_live_patch if {
	d := rule.decision with input as flags("OK")
	d.status == "fail"
	endswith(d.detail, ": livepatch_1.")
}

test_passes_without if {
	d := rule.decision with input as flags("POE")
	d.status == "pass"
}

test_unknown_when_unread if {
	d := rule.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/taint_flags"])
	d.status == "unknown"
}
