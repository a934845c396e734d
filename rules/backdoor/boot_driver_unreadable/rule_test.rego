package gpuaudit.rules.backdoor.boot_driver_unreadable_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_driver_unreadable

test_fails_when_unreadable if {
	d := boot_driver_unreadable.decision with input as fixture.attested(fixture.measured("measured-unreadable"))
	d.status == "fail"
}

test_passes_when_compared if {
	d := boot_driver_unreadable.decision with input as fixture.attested({})
	d.status == "pass"
}

test_not_applicable_when_nothing_ran if {
	d := boot_driver_unreadable.decision with input as fixture.attested(fixture.measured("present-never-measured"))
	d.status == "not-applicable"
}

test_not_applicable_when_not_asked if {
	d := boot_driver_unreadable.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_unknown_without_a_log if {
	d := boot_driver_unreadable.decision with input as json.remove(fixture.attested({}), ["/attestation/boot"])
	d.status == "unknown"
}

test_passes_when_the_maker_names_it if {
	d := boot_driver_unreadable.decision with input as fixture.attested({"boot": {"drivers": [{
		"device": "0000:01:00.0",
		"verdict": "measured-unreadable",
		"event": 9,
		"digest": "aa",
		"reference": {"state": "match", "reason": "named"},
	}]}})
	d.status == "pass"
}

test_unknown_while_an_event_is_of_no_certain_device if {
	d := boot_driver_unreadable.decision with input as fixture.attested({"boot": {"unexplained": [{"event": 9, "type": "EV_IPL", "digest": "dd"}]}})
	d.status == "unknown"
	contains(d.detail, "no certain device")
}

# The card's ROM was not read, and a driver that the log gives to another device may
# be this card's: the device beside a driver is not measured.
test_unknown_when_another_devices_driver_may_be_this_cards if {
	elsewhere := {"boot": {"drivers": [{"device": "0000:09:00.0", "verdict": "other-device", "event": 9, "digest": "aa"}]}}
	unread := {"device": {"firmware": {"roms": []}, "gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "io-error"}]}}
	d := boot_driver_unreadable.decision with input as object.union(fixture.attested(elsewhere), unread)
	d.status == "unknown"
}
