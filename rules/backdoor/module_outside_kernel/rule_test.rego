package gpuaudit.rules.backdoor.module_outside_kernel_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.module_outside_kernel

module(patch) := fixture.device({"driver": {"module": patch}})

test_fails_on_marks if {
	d := module_outside_kernel.decision with input as module({"taint": "PO"})
	d.status == "fail"
	contains(d.detail, "out of tree, proprietary")
}

test_fails_on_file if {
	d := module_outside_kernel.decision with input as module({"file": {"in_tree": false}})
	d.status == "fail"
}

test_passes_in_tree if {
	d := module_outside_kernel.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_without_driver if {
	d := module_outside_kernel.decision with input as fixture.without("/device/driver")
	d.status == "not-applicable"
}

test_unknown_without_facts if {
	d := module_outside_kernel.decision with input as fixture.without("/device/driver/module")
	d.status == "unknown"
}
