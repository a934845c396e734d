package gpuaudit.rules.backdoor.boot_driver_unknown_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_driver_unknown

ran(state) := fixture.attested({"boot": {"drivers": [{
	"device": "0000:01:00.0",
	"verdict": "measured-unreadable",
	"event": 9,
	"digest": "aa",
	"reference": {"state": state, "reason": "a manifest says so"},
}]}})

test_fails_on_a_foreign_driver if {
	d := boot_driver_unknown.decision with input as ran("mismatch")
	d.status == "fail"
	d.key == "aa"
	d.evidence == ["/attestation/boot/drivers/0/reference"]
}

test_passes_when_named if {
	d := boot_driver_unknown.decision with input as ran("match")
	d.status == "pass"
}

test_not_applicable_without_manifests if {
	d := boot_driver_unknown.decision with input as ran("not-covered")
	d.status == "not-applicable"
}

test_not_applicable_when_nothing_ran if {
	d := boot_driver_unknown.decision with input as fixture.attested({"boot": {"drivers": []}})
	d.status == "not-applicable"
}

test_not_applicable_when_not_asked if {
	d := boot_driver_unknown.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_unknown_when_nothing_was_compared if {
	d := boot_driver_unknown.decision with input as fixture.attested({})
	d.status == "unknown"
}

test_unknown_while_an_event_is_of_no_certain_device if {
	d := boot_driver_unknown.decision with input as fixture.attested({"boot": {"unexplained": [{"event": 10, "type": "EV_IPL", "digest": "dd"}], "drivers": [{"device": "0000:01:00.0", "verdict": "corroborated", "event": 9, "digest": "aa", "reference": {"state": "match", "reason": "named"}}]}})
	d.status == "unknown"
	contains(d.detail, "no certain device")
}

# The card's ROM was not read: a driver that the log gives to another device may be
# this card's.
test_unknown_when_another_devices_driver_may_be_this_cards if {
	elsewhere := {"boot": {"drivers": [{"device": "0000:09:00.0", "verdict": "other-device", "event": 9, "digest": "aa"}]}}
	unread := {"device": {"firmware": {"roms": []}, "gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "io-error"}]}}
	d := boot_driver_unknown.decision with input as object.union(fixture.attested(elsewhere), unread)
	d.status == "unknown"
	contains(d.detail, "one of them may be of this card")
}
