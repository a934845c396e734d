package gpuaudit.rules.backdoor.boot_rom_not_allowed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_rom_not_allowed

signed := {"authenticode_sha256": "aa", "signed": true, "digest_matches": true, "signature_valid": true, "in_db": true, "in_dbx": false}

unsigned := {"authenticode_sha256": "aa", "signed": false, "in_db": false, "in_dbx": false}

# card is a machine whose card has an image, with patches of it and of the attestation.
card(efi, patch) := object.union(
	fixture.attested(patch),
	{"device": {"firmware": {"roms": [{"source": "sysfs", "images": [{"code_type": "00", "sha256": "ff"}, {"code_type": "03", "sha256": "bb", "efi": efi}]}]}}},
)

test_fails_when_unsigned_code_ran if {
	d := boot_rom_not_allowed.decision with input as card(unsigned, {"boot": {"option_rom_verification": "not-shown"}})
	d.status == "fail"
	contains(d.detail, "not signed, and not in db")
	d.key == "aa"
}

test_fails_whatever_the_log_shows_of_verification if {
	d := boot_rom_not_allowed.decision with input as card(unsigned, {})
	d.status == "fail"
}

test_fails_when_the_signer_is_not_in_db if {
	d := boot_rom_not_allowed.decision with input as card(object.union(signed, {"in_db": false}), {})
	d.status == "fail"
	contains(d.detail, "signer is not in db")
}

test_fails_when_revoked if {
	d := boot_rom_not_allowed.decision with input as card(object.union(signed, {"in_dbx": true}), {})
	d.status == "fail"
	contains(d.detail, "dbx")
}

test_fails_when_the_signature_is_of_another_image if {
	d := boot_rom_not_allowed.decision with input as card(object.union(signed, {"digest_matches": false}), {})
	d.status == "fail"
}

test_fails_when_db_is_not_understood_and_nothing_vouched if {
	d := boot_rom_not_allowed.decision with input as card({"authenticode_sha256": "aa", "signed": false}, {"boot": {"option_rom_verification": "not-shown"}})
	d.status == "fail"
	contains(d.detail, "no entry of db vouched")
}

test_fails_by_the_digest_with_padding if {
	d := boot_rom_not_allowed.decision with input as card(object.union(unsigned, {"authenticode_sha256": "cc", "measured_sha256": "aa"}), {})
	d.status == "fail"
}

test_passes_when_db_allows_it if {
	d := boot_rom_not_allowed.decision with input as card(signed, {})
	d.status == "pass"
}

test_passes_when_db_lists_the_digest_of_unsigned_code if {
	d := boot_rom_not_allowed.decision with input as card(object.union(unsigned, {"in_db": true}), {})
	d.status == "pass"
}

test_unknown_when_db_is_another_than_was_measured if {
	d := boot_rom_not_allowed.decision with input as card(signed, {"boot": {"db_agrees": "differs"}})
	d.status == "unknown"
}

test_unknown_when_the_driver_cannot_be_read if {
	d := boot_rom_not_allowed.decision with input as fixture.attested(fixture.measured("measured-unreadable"))
	d.status == "unknown"
	contains(d.detail, "aa")
}

test_unknown_when_an_event_is_of_no_certain_device if {
	d := boot_rom_not_allowed.decision with input as card(signed, {"boot": {"unexplained": [{"event": 9, "type": "EV_IPL", "digest": "dd"}]}})
	d.status == "unknown"
	contains(d.detail, "of no certain device: 1.")
}

test_unknown_without_evidence if {
	d := boot_rom_not_allowed.decision with input as fixture.facts({"attestation": {"state": "absent", "reason": "no TPM"}})
	d.status == "unknown"
}

test_not_applicable_when_secure_boot_is_off if {
	d := boot_rom_not_allowed.decision with input as card(unsigned, {"boot": {"secure_boot": false}})
	d.status == "not-applicable"
}

test_not_applicable_when_nothing_ran if {
	d := boot_rom_not_allowed.decision with input as fixture.attested({"boot": {"drivers": []}})
	d.status == "not-applicable"
}

test_not_applicable_when_not_asked if {
	d := boot_rom_not_allowed.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

# The card's ROM was not read, and a driver that the log gives to another device may
# be this card's: the device beside a driver is not measured.
test_unknown_when_another_devices_driver_may_be_this_cards if {
	elsewhere := {"boot": {"drivers": [{"device": "0000:09:00.0", "verdict": "other-device", "event": 9, "digest": "aa"}]}}
	unread := {"device": {"firmware": {"roms": []}, "gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "io-error"}]}}
	d := boot_rom_not_allowed.decision with input as object.union(fixture.attested(elsewhere), unread)
	d.status == "unknown"
}
