package gpuaudit.rules.provenance.efi_not_in_db_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.efi_not_in_db as rule

efi(in_db) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"signed": true, "in_db": in_db}})]},
)]}})

boot(b) := object.union(
	object.remove(fixture.facts({}), ["host"]),
	{"host": object.union(object.remove(fixture.host_base, ["boot"]), {"boot": b})},
)

test_fails_when_not_allowed if {
	d := rule.decision with input as efi(false)
	d.status == "fail"
}

test_passes_when_allowed if {
	d := rule.decision with input as efi(true)
	d.status == "pass"
}

test_not_applicable_when_off if {
	d := rule.decision with input as boot({"mode": "uefi", "secure_boot": false})
	d.status == "not-applicable"
}

test_not_applicable_to_legacy_bios if {
	d := rule.decision with input as boot({"mode": "bios"})
	d.status == "not-applicable"
}

test_not_applicable_without_efi_image if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": [fixture.legacy_base]})]}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_state if {
	d := rule.decision with input as boot({"mode": "uefi"})
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
