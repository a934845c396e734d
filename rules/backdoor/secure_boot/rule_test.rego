package gpuaudit.rules.backdoor.secure_boot_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.secure_boot

test_fails_when_off if {
	d := secure_boot.decision with input as fixture.host_only({"boot": {"secure_boot": false}})
	d.status == "fail"
}

test_fails_in_setup_mode if {
	d := secure_boot.decision with input as fixture.host_only({"boot": {"setup_mode": true}})
	d.status == "fail"
}

test_fails_on_legacy_bios if {
	d := secure_boot.decision with input as fixture.host_only({"boot": {"mode": "bios"}})
	d.status == "fail"
}

test_passes_when_on if {
	d := secure_boot.decision with input as fixture.host_only({})
	d.status == "pass"
}

test_unknown_without_setup_mode if {
	d := secure_boot.decision with input as json.remove(fixture.host_only({}), ["/host/boot/setup_mode"])
	d.status == "unknown"
	d.missing == ["/host/boot/setup_mode"]
}
