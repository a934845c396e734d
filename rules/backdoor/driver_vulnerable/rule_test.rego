package gpuaudit.rules.backdoor.driver_vulnerable_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.driver_vulnerable as rule

nvidia(version, age) := object.union(
	fixture.device({"driver": {"name": "nvidia", "module": {"name": "nvidia", "version": version}, "built_in": false}}),
	{"data_sets": [{"name": "driver_advisories", "date": "2026-08-18", "age_days": age}]},
)

test_fails_on_an_old_version if {
	d := rule.decision with input as nvidia("580.65.06", 98)
	d.status == "fail"
	contains(d.detail, "580.178.04 of branch R580")
	d.key == "580.178.04"
}

test_fails_in_a_branch_that_ended if {
	d := rule.decision with input as nvidia("535.54.03", 98)
	d.status == "fail"
}

test_passes_on_the_fixed_version if {
	d := rule.decision with input as nvidia("580.178.04", 98)
	d.status == "pass"
}

test_unknown_when_the_branch_is_no_longer_listed if {
	d := rule.decision with input as nvidia("535.999.99", 98)
	d.status == "unknown"
	contains(d.detail, "R535")
}

test_unknown_in_a_branch_of_the_future if {
	d := rule.decision with input as nvidia("999.10.01", 98)
	d.status == "unknown"
}

test_unknown_with_old_bulletins if {
	d := rule.decision with input as nvidia("580.178.04", 400)
	d.status == "unknown"
	d.missing == ["/data_sets"]
}

test_unknown_without_version if {
	d := rule.decision with input as json.remove(nvidia("580.178.04", 98), ["/device/driver/module/version"])
	d.status == "unknown"
	d.missing == ["/device/driver/module/version"]
}

test_unknown_with_a_version_of_another_form if {
	d := rule.decision with input as nvidia("580.x", 98)
	d.status == "unknown"
}

test_not_applicable_to_other_drivers if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_without_driver if {
	d := rule.decision with input as json.remove(fixture.facts({}), ["/device/driver"])
	d.status == "not-applicable"
}
