package gpuaudit.rules.backdoor.acs_off_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.acs_off

bridges(list) := fixture.device({"bridges": list})

test_fails_when_off if {
	d := acs_off.decision with input as bridges([{"address": "a", "acs_enabled": true}, {"address": "b", "acs_enabled": false}])
	d.status == "fail"
	d.evidence == ["/device/bridges/1"]
}

test_passes_when_on if {
	d := acs_off.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_on_root_bus if {
	d := acs_off.decision with input as bridges([])
	d.status == "not-applicable"
}

test_unknown_when_unread if {
	d := acs_off.decision with input as bridges([{"address": "a"}])
	d.status == "unknown"
}
