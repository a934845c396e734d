package gpuaudit.rules.backdoor.kernel_overridden_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.kernel_overridden as rule

flags(letters) := fixture.host_only({"kernel": {"taint_flags": letters}})

test_fails_on_tables_and_debugging if {
	d := rule.decision with input as flags("AJ")
	d.status == "fail"
	contains(d.detail, "ACPI was replaced and the firmware")
}

test_passes_on_other_marks if {
	d := rule.decision with input as flags("POEW")
	d.status == "pass"
}

test_unknown_when_unread if {
	d := rule.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/taint_flags"])
	d.status == "unknown"
}
