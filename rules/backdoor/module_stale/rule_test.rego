package gpuaudit.rules.backdoor.module_stale_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.module_stale

module(patch) := fixture.device({"driver": {"module": patch}})

test_fails_on_other_source if {
	d := module_stale.decision with input as module({"srcversion": "BBBB"})
	d.status == "fail"
}

test_fails_on_other_version if {
	d := module_stale.decision with input as module({"version": "550.1", "file": {"version": "560.2"}})
	d.status == "fail"
}

test_passes_on_equal_source if {
	d := module_stale.decision with input as fixture.facts({})
	d.status == "pass"
}

test_passes_on_equal_versions if {
	d := module_stale.decision with input as module({"version": "560.2", "file": {"version": "560.2"}})
	d.status == "pass"
}

test_not_applicable_without_driver if {
	d := module_stale.decision with input as fixture.without("/device/driver")
	d.status == "not-applicable"
}

test_unknown_without_source_version if {
	d := module_stale.decision with input as fixture.without("/device/driver/module/srcversion")
	d.status == "unknown"
}

test_unknown_with_one_version if {
	d := module_stale.decision with input as module({"version": "550.1"})
	d.status == "unknown"
}
