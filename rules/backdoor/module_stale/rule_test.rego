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

test_fails_on_another_build if {
	d := module_stale.decision with input as module({"build_id": "aa", "file": {"build_id": "bb"}})
	d.status == "fail"
}

test_passes_on_the_same_build if {
	d := module_stale.decision with input as fixture.device({"driver": {"module": {"srcversion": null, "build_id": "aa", "file": {"srcversion": null, "build_id": "aa"}}}})
	d.status == "pass"
}

test_the_same_build_and_another_source_fails if {
	d := module_stale.decision with input as module({"srcversion": "BBBB", "build_id": "aa", "file": {"build_id": "aa"}})
	d.status == "fail"
}
