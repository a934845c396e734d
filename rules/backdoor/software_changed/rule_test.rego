package gpuaudit.rules.backdoor.software_changed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.software_changed

machine(files) := fixture.host_only({"software": files})

file := {"path": "usr/bin/nvidia-modprobe", "role": "setuid", "root": true, "sha256": "aa"}

test_fails if {
	d := software_changed.decision with input as machine([object.union(file, {"package_owned": true, "package": {"digest": "mismatch", "name": "nvidia-utils"}})])
	d.status == "fail"
	contains(d.detail, "usr/bin/nvidia-modprobe")
	d.evidence == ["/host/software/0"]
}

test_passes if {
	d := software_changed.decision with input as machine([object.union(file, {"package_owned": true, "package": {"digest": "match", "name": "nvidia-utils"}})])
	d.status == "pass"
}

test_passes_a_file_of_no_package if {
	software_changed.decision.status == "pass" with input as machine([object.union(file, {"package_owned": false})])
}

test_unknown_where_the_package_recorded_no_digest if {
	software_changed.decision.status == "unknown" with input as machine([object.union(file, {"package_owned": true, "package": {"name": "nvidia-utils"}})])
}

test_not_applicable_without_software if {
	d := software_changed.decision with input as machine([])
	d.status == "not-applicable"
}

test_unknown_where_no_package_can_be_told if {
	d := software_changed.decision with input as machine([file])
	d.status == "unknown"
}

test_unknown_where_nobody_looked if {
	d := software_changed.decision with input as json.remove(machine([]), ["/host/software"])
	d.status == "unknown"
}
