package gpuaudit.rules.backdoor.module_package_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.module_package

digest(value) := fixture.device({"driver": {"module": {"file": {"package": {"digest": value}}}}})

without_package := fixture.without("/device/driver/module/file/package")

test_fails_on_other_digest if {
	d := module_package.decision with input as digest("mismatch")
	d.status == "fail"
}

test_passes_on_recorded_digest if {
	d := module_package.decision with input as digest("match")
	d.status == "pass"
}

test_not_applicable_to_own_build if {
	d := module_package.decision with input as object.union(without_package, {"device": {"driver": {"module": {"file": {"package_owned": false}}}}})
	d.status == "not-applicable"
}

test_not_applicable_without_database if {
	d := module_package.decision with input as object.union(without_package, {"device": {"gaps": [{
		"fact": "/driver/module/file/package",
		"source": "var/lib/dpkg/info",
		"reason": "not-present",
	}]}})
	d.status == "not-applicable"
}

test_not_applicable_without_driver if {
	d := module_package.decision with input as fixture.without("/device/driver")
	d.status == "not-applicable"
}

test_unknown_without_recorded_digest if {
	d := module_package.decision with input as fixture.without("/device/driver/module/file/package/digest")
	d.status == "unknown"
}
