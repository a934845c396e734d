package gpuaudit.rules.backdoor.driver_vulnerable_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.driver_vulnerable as rule

nvidia(version, age) := object.union(
	fixture.device({"driver": {"name": "nvidia", "module": {"name": "nvidia", "version": version}, "built_in": false}}),
	{"data_sets": [{"name": "driver_advisories", "date": "2026-09-30", "age_days": age}]},
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

# How grave it is: 580.159.03 lacks the newest bulletin, 580.65.06 several.
desktop := {"host": {"dmi": {"chassis_type": 3}, "software": []}}

hands_on := {"host": {"dmi": {"chassis_type": 3}, "software": [{"path": "usr/bin/nvidia-ctk", "role": "hook", "root": true}]}}

test_fails_gravely_on_a_server if {
	d := rule.decision with input as object.union(nvidia("580.159.03", 60), {"host": {"dmi": {"chassis_type": 23}, "software": []}})
	[d.status, d.severity] == ["fail", "high"]
}

test_fails_slightly_on_a_desktop_one_bulletin_behind if {
	d := rule.decision with input as object.union(nvidia("580.159.03", 60), desktop)
	[d.status, d.severity] == ["fail", "low"]
}

test_fails_on_a_desktop_several_bulletins_behind if {
	d := rule.decision with input as object.union(nvidia("580.65.06", 60), desktop)
	[d.status, d.severity] == ["fail", "medium"]
}

test_fails_gravely_where_containers_get_the_gpu if {
	d := rule.decision with input as object.union(nvidia("580.159.03", 60), hands_on)
	d.severity == "high"
}

test_fails_gravely_where_the_software_is_not_known if {
	d := rule.decision with input as json.remove(object.union(nvidia("580.159.03", 60), desktop), ["/host/software"])
	d.severity == "high"
}

test_fails_gravely_on_a_desktop_where_it_is_used_in_attacks if {
	fix := {"id": "CVE-1", "bulletin": "B", "fixed": [580, 178, 4], "score": 5, "exploited": true}
	d := rule.decision with input as object.union(nvidia("580.159.03", 60), desktop) with data.gpuaudit.data.driver_advisories.nvidia as {"R580": {"fixes": [fix], "complete": true}}
	d.severity == "high"
	contains(d.detail, "used in attacks")
}

test_fails_gravely_on_a_desktop_with_a_score_of_nine if {
	fix := {"id": "CVE-1", "bulletin": "B", "fixed": [580, 178, 4], "score": 9.3}
	d := rule.decision with input as object.union(nvidia("580.159.03", 60), desktop) with data.gpuaudit.data.driver_advisories.nvidia as {"R580": {"fixes": [fix], "complete": true}}
	d.severity == "high"
}

# Other makers' modules, which advisories of an operator's own may name.
mtgpu(version) := object.union(fixture.device({"driver": {"name": "mtgpu", "module": {"name": "mtgpu", "version": version}, "built_in": false}}), {"data_sets": [{"name": "driver_advisories", "date": "2026-09-30", "age_days": 60}]})

known := {"mtgpu": {"fixes": [{"id": "OPS-1", "bulletin": "OPS-1", "from": [2, 0, 0, 0], "fixed": [2, 7, 1, 0], "score": 8.1}]}}

test_fails_on_a_module_that_data_name if {
	d := rule.decision with input as mtgpu("2.7.0") with data.gpuaudit.data.driver_advisories.modules as known
	d.status == "fail"
	d.key == "2.7.1"
	contains(d.detail, "the module mtgpu")
}

test_passes_on_a_module_with_the_fix if {
	d := rule.decision with input as mtgpu("2.7.1") with data.gpuaudit.data.driver_advisories.modules as known
	d.status == "pass"
}

test_passes_below_what_is_affected if {
	d := rule.decision with input as mtgpu("1.9") with data.gpuaudit.data.driver_advisories.modules as known
	d.status == "pass"
}

test_unknown_with_a_module_version_of_another_form if {
	d := rule.decision with input as mtgpu("git-2.7") with data.gpuaudit.data.driver_advisories.modules as known
	d.status == "unknown"
}
