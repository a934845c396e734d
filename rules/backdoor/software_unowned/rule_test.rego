package gpuaudit.rules.backdoor.software_unowned_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.software_unowned

machine(files) := fixture.host_only({"software": files})

file := {"path": "usr/lib/systemd/system/xpurt.service", "role": "setuid", "root": true, "sha256": "aa"}

test_fails if {
	d := software_unowned.decision with input as machine([object.union(file, {"package_owned": false})])
	d.status == "fail"
	contains(d.detail, "usr/lib/systemd/system/xpurt.service")
	d.evidence == ["/host/software/0"]
}

test_passes if {
	d := software_unowned.decision with input as machine([object.union(file, {"package_owned": true})])
	d.status == "pass"
}

test_not_applicable_without_software if {
	d := software_unowned.decision with input as machine([])
	d.status == "not-applicable"
}

test_unknown_where_no_package_can_be_told if {
	d := software_unowned.decision with input as machine([file])
	d.status == "unknown"
}

test_unknown_where_nobody_looked if {
	d := software_unowned.decision with input as json.remove(machine([]), ["/host/software"])
	d.status == "unknown"
}
