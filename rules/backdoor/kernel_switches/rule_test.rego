package gpuaudit.rules.backdoor.kernel_switches_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.kernel_switches

line(list) := fixture.host_only({"kernel": {"switches": list}})

test_fails_on_each_switch if {
	every s in [
		{"name": "module.sig_enforce", "value": "0"},
		{"name": "lockdown", "value": "none"},
		{"name": "iomem", "value": "relaxed"},
		{"name": "firmware_class.path", "value": "/tmp/fw"},
	] {
		d := kernel_switches.decision with input as line([s])
		d.status == "fail"
	}
}

test_passes_on_plain_line if {
	d := kernel_switches.decision with input as line([{"name": "lockdown", "value": "integrity"}])
	d.status == "pass"
}

test_unknown_without_line if {
	d := kernel_switches.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/switches"])
	d.status == "unknown"
}
