package gpuaudit.rules.backdoor.boot_driver_unmeasured_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_driver_unmeasured

test_fails_when_never_measured if {
	d := boot_driver_unmeasured.decision with input as fixture.attested(fixture.measured("present-never-measured"))
	d.status == "fail"
}

test_passes_when_measured if {
	d := boot_driver_unmeasured.decision with input as fixture.attested({})
	d.status == "pass"
}

test_not_applicable_without_drivers if {
	d := boot_driver_unmeasured.decision with input as fixture.attested({"boot": {"drivers": []}})
	d.status == "not-applicable"
}

test_not_applicable_when_not_asked if {
	d := boot_driver_unmeasured.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_unknown_when_not_proven if {
	d := boot_driver_unmeasured.decision with input as fixture.attested({"state": "unproven"})
	d.status == "unknown"
}

unread := {"firmware": {"roms": []}, "gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "io-error"}]}

elsewhere(verdict) := {"boot": {"drivers": [{"device": "0000:09:00.0", "verdict": verdict, "event": 9, "digest": "aa"}]}}

test_unknown_when_another_devices_driver_may_be_this_cards if {
	d := boot_driver_unmeasured.decision with input as object.union(fixture.attested(elsewhere("other-device")), {"device": unread})
	d.status == "unknown"
	d.missing == ["/device/firmware/roms"]
}

test_not_applicable_when_every_driver_is_accounted_for if {
	d := boot_driver_unmeasured.decision with input as object.union(fixture.attested(elsewhere("corroborated")), {"device": unread})
	d.status == "not-applicable"
}

test_not_applicable_without_a_rom if {
	d := boot_driver_unmeasured.decision with input as object.union(fixture.romless, {"attestation": object.union(fixture.attestation_base, elsewhere("other-device"))})
	d.status == "not-applicable"
}
