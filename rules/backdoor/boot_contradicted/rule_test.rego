package gpuaudit.rules.backdoor.boot_contradicted_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_contradicted

test_fails_on_another_driver if {
	d := boot_contradicted.decision with input as fixture.attested(fixture.measured("contradicted"))
	d.status == "fail"
	d.key == "aa"
	d.evidence == ["/attestation/boot/drivers/0"]
}

test_fails_whoever_vouches_for_the_tpm if {
	d := boot_contradicted.decision with input as fixture.attested(object.union({"state": "unproven"}, fixture.measured("contradicted")))
	d.status == "fail"
}

test_passes_when_corroborated if {
	d := boot_contradicted.decision with input as fixture.attested({})
	d.status == "pass"
}

test_unknown_when_the_tpm_is_not_vouched_for if {
	d := boot_contradicted.decision with input as fixture.attested({"state": "unproven", "reason": "not known: ek-certificate"})
	d.status == "unknown"
	contains(d.detail, "not known: ek-certificate.")
}

test_unknown_when_the_rom_cannot_be_read if {
	d := boot_contradicted.decision with input as fixture.attested(fixture.measured("measured-unreadable"))
	d.status == "unknown"
	d.missing == ["/device/firmware/roms"]
}

test_unknown_without_evidence if {
	d := boot_contradicted.decision with input as fixture.facts({"attestation": {"state": "absent", "reason": "no TPM"}})
	d.status == "unknown"
}

test_not_applicable_when_nothing_ran if {
	d := boot_contradicted.decision with input as fixture.attested({"boot": {"drivers": []}})
	d.status == "not-applicable"
}

test_not_applicable_when_not_asked if {
	d := boot_contradicted.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_when_unreadable_and_named if {
	d := boot_contradicted.decision with input as fixture.attested({"boot": {"drivers": [{
		"device": "0000:01:00.0",
		"verdict": "measured-unreadable",
		"event": 9,
		"digest": "aa",
		"reference": {"state": "match", "reason": "named"},
	}]}})
	d.status == "not-applicable"
}

test_unknown_while_an_event_is_of_no_certain_device if {
	d := boot_contradicted.decision with input as fixture.attested({"boot": {"unexplained": [{"event": 9, "type": "EV_IPL", "digest": "dd"}]}})
	d.status == "unknown"
	contains(d.detail, "no certain device")
}

# A driver that was not measured is for another rule to say.
test_passes_beside_a_driver_that_was_not_measured if {
	d := boot_contradicted.decision with input as fixture.attested({"boot": {"drivers": [
		{"device": "0000:01:00.0", "verdict": "corroborated", "event": 9, "digest": "aa"},
		{"device": "0000:01:00.0", "verdict": "present-never-measured", "event": -1},
	]}})
	d.status == "pass"
	contains(d.detail, "(drivers: 1)")
}

# The card's ROM was not read, and a driver that the log gives to another device may
# be this card's: the device beside a driver is not measured.
test_unknown_when_another_devices_driver_may_be_this_cards if {
	elsewhere := {"boot": {"drivers": [{"device": "0000:09:00.0", "verdict": "other-device", "event": 9, "digest": "aa"}]}}
	unread := {"device": {"firmware": {"roms": []}, "gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "io-error"}]}}
	d := boot_contradicted.decision with input as object.union(fixture.attested(elsewhere), unread)
	d.status == "unknown"
}
