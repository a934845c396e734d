package gpuaudit.rules.backdoor.module_unowned_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.module_unowned as rule

owned(value) := fixture.device({"driver": {"module": {"file": {"package_owned": value}}}})

test_fails_when_no_package_has_it if {
	d := rule.decision with input as owned(false)
	d.status == "fail"
	d.key == "11"
}

test_passes_when_one_has if {
	d := rule.decision with input as owned(true)
	d.status == "pass"
	contains(d.detail, "linux-image-6.1.0-30-amd64")
}

test_not_applicable_without_a_module if {
	d := rule.decision with input as fixture.without("/device/driver")
	d.status == "not-applicable"
}

test_not_applicable_without_a_database if {
	gap := {"gaps": [{"fact": "/driver/module/file/package", "source": "dpkg", "reason": "not-present"}]}
	d := rule.decision with input as object.union(fixture.facts({}), {"device": gap})
	d.status == "not-applicable"
}

test_unknown_when_not_searched if {
	d := rule.decision with input as fixture.facts({})
	d.status == "unknown"
}
