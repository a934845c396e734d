package gpuaudit.rules.backdoor.config_faults_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.config_faults

config(patch) := fixture.device({"pci": {"config": patch}})

test_fails_on_loop if {
	d := config_faults.decision with input as config({"faults": [{"kind": "loop", "offset": 64, "detail": "points back"}]})
	d.status == "fail"
	d.key == "loop"
}

test_passes_when_well_formed if {
	d := config_faults.decision with input as fixture.facts({})
	d.status == "pass"
}

test_unknown_without_privilege if {
	d := config_faults.decision with input as object.union(config({"bytes_read": 64}), {"device": {"gaps": [{
		"fact": "/pci/config/capabilities",
		"source": "sys/config",
		"reason": "permission",
	}]}})
	d.status == "unknown"
	contains(d.detail, "more privileges")
}

test_unknown_without_extended_part if {
	d := config_faults.decision with input as fixture.device({"gaps": [{
		"fact": "/pci/config/extended_capabilities",
		"source": "sys/config",
		"reason": "permission",
	}]})
	d.status == "unknown"
}

test_unknown_when_asleep if {
	d := config_faults.decision with input as config({"faults": [{"kind": "no-answer", "offset": 0, "detail": "every byte is ff"}]})
	d.status == "unknown"
}
