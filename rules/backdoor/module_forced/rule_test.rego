package gpuaudit.rules.backdoor.module_forced_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.module_forced

test_fails_on_force if {
	d := module_forced.decision with input as fixture.device({"driver": {"module": {"taint": "OF"}}})
	d.status == "fail"
}

test_passes_without_force if {
	d := module_forced.decision with input as fixture.device({"driver": {"module": {"taint": "OE"}}})
	d.status == "pass"
}

test_not_applicable_without_driver if {
	d := module_forced.decision with input as fixture.without("/device/driver")
	d.status == "not-applicable"
}

test_unknown_without_mark if {
	d := module_forced.decision with input as fixture.without("/device/driver/module/taint")
	d.status == "unknown"
}
