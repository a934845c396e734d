package gpuaudit.rules.backdoor.software_vulnerable_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.software_vulnerable as rule

machine(files, age) := object.union(
	fixture.host_only({"software": files}),
	{"data_sets": [{"name": "driver_advisories", "date": "2026-09-30", "age_days": age}]},
)

hook := {"path": "usr/bin/nvidia-container-runtime-hook", "role": "hook", "root": true, "sha256": "aa"}

of(name, version) := object.union(hook, {"package_owned": true, "package": {"manager": "dpkg", "name": name, "version": version}})

toolkit(version) := machine([of("nvidia-container-toolkit", version)], 60)

test_fails_on_an_old_toolkit if {
	d := rule.decision with input as toolkit("1.16.1-1")
	d.status == "fail"
	d.severity == "high"
	d.key == "nvidia-container-toolkit<1.19.1"
	d.evidence == ["/host/software/0"]
	contains(d.detail, "highest CVSS score 9")
	contains(d.detail, "NVIDIA-5582")
}

test_counts_a_package_once if {
	d := rule.decision with input as machine([of("nvidia-container-toolkit", "1.16.1-1"), of("nvidia-container-toolkit", "1.16.1-1")], 60)
	d.key == "nvidia-container-toolkit<1.19.1"
}

test_fails_on_two_versions_of_one_name if {
	d := rule.decision with input as machine([of("nvidia-container-toolkit", "1.16.1-1"), of("nvidia-container-toolkit", "1.19.1-1")], 60)
	d.status == "fail"
}

test_fails_below_the_newest_fix_alone if {
	d := rule.decision with input as toolkit("1.19.0-1")
	d.status == "fail"
	contains(d.detail, "has 1 known")
}

test_fails_without_what_counts_in_one_mode_only if {
	d := rule.decision with input as toolkit("1.17.4-1")
	d.status == "fail"
	not contains(d.detail, "NVIDIA-5659")
}

test_unknown_where_all_counts_in_one_mode_only if {
	fix := {"id": "CVE-1", "bulletin": "B", "fixed": [1, 17, 8, 0], "certain_from": [1, 17, 5, 0], "only_in": "CDI mode"}
	d := rule.decision with input as toolkit("1.17.4-1") with data.gpuaudit.data.driver_advisories.packages as {"toolkit": {"packages": ["nvidia-container-toolkit"], "fixes": [fix]}}
	d.status == "unknown"
	contains(d.detail, "CDI mode")
}

test_passes_on_the_fixed_toolkit if {
	d := rule.decision with input as toolkit("1.19.1-1")
	d.status == "pass"
	contains(d.detail, "2026-06-30")
}

test_passes_with_an_epoch if {
	d := rule.decision with input as machine([of("datacenter-gpu-manager", "1:4.5.3-1")], 60)
	d.status == "pass"
}

test_fails_with_an_epoch if {
	d := rule.decision with input as machine([of("datacenter-gpu-manager", "1:3.3.9")], 60)
	d.status == "fail"
	d.key == "datacenter-gpu-manager<4.5.3"
}

test_unknown_with_old_bulletins if {
	d := rule.decision with input as machine([of("nvidia-container-toolkit", "1.19.1-1")], 400)
	d.status == "unknown"
	d.missing == ["/data_sets"]
}

test_unknown_with_a_version_before_release if {
	d := rule.decision with input as toolkit("1.19.1~rc.1-1")
	d.status == "unknown"
}

test_unknown_where_no_package_has_the_hook if {
	d := rule.decision with input as machine([object.union(hook, {"package_owned": false})], 60)
	d.status == "unknown"
	contains(d.detail, "nvidia-container-runtime-hook")
}

test_not_applicable_with_other_software if {
	d := rule.decision with input as machine([object.union(of("nvidia-utils", "580.1"), {"path": "usr/bin/nvidia-modprobe", "role": "setuid"})], 60)
	d.status == "not-applicable"
}

test_unknown_where_nobody_looked if {
	d := rule.decision with input as json.remove(machine([], 60), ["/host/software"])
	d.status == "unknown"
}
