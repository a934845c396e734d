package gpuaudit.rules.backdoor.boot_unexplained_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_unexplained

with_events(list) := fixture.attested_host({"boot": object.union(fixture.attestation_base.boot, {"unexplained": list})})

test_fails_on_a_driver_that_the_log_moved if {
	d := boot_unexplained.decision with input as with_events([
		{"event": 8, "type": "EV_IPL", "digest": "bb"},
		{"event": 9, "type": "driver of no certain device", "digest": "aa", "reason": "no-such-function", "card": "0000:01:00.0"},
	])
	d.status == "fail"
	contains(d.detail, "Event 9 of the log has the digest of a driver in the ROM of 0000:01:00.0, and the log says that it is something else (driver of a device that the machine does not have)")
	d.evidence == ["/attestation/boot/unexplained/1"]
	d.key == "aa"
}

# Servers measure firmware's own drivers into PCR 2, and name no place of others.
test_unknown_where_nothing_shows_who_brought_it if {
	d := boot_unexplained.decision with input as with_events([
		{"event": 7, "type": "driver of no certain device", "digest": "aa", "reason": "firmware-file"},
		{"event": 8, "type": "driver of no certain device", "digest": "bb", "reason": "no-device-path"},
		{"event": 9, "type": "EV_IPL", "digest": "cc"},
		{"event": 10, "type": "driver of no certain device", "digest": "dd", "reason": "firmware-file"},
	])
	d.status == "unknown"
	contains(d.detail, "1 EV_IPL, 2 driver in a file of firmware's own, 1 driver without a device).")
	count(d.missing) == 4
}

test_passes_without if {
	d := boot_unexplained.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_without_the_list if {
	d := boot_unexplained.decision with input as json.remove(fixture.attested_host({}), ["/attestation/boot/unexplained"])
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := boot_unexplained.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
