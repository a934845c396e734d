package gpuaudit.rules.backdoor.efi_driver_missing_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_driver_missing as rule

legacy := {"firmware": {"roms": [object.union(fixture.rom_base, {"images": [object.union(fixture.legacy_base, {"last": true})]})]}}

launched(day, patch) := fixture.facts({"device": patch, "catalogue": {"accelerator": {"name": "Card", "launch_date": day}}})

test_fails_where_it_is_due if {
	d := rule.decision with input as launched("2020-11-18", legacy)
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images"]
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as launched("2020-11-18", {})
	d.status == "pass"
}

test_not_applicable_to_old_cards if {
	d := rule.decision with input as launched("2012-01-09", legacy)
	d.status == "not-applicable"
}

test_not_applicable_to_cards_without_displays if {
	d := rule.decision with input as launched("2020-11-18", object.union(legacy, {"pci": {"class_code": "030200"}}))
	d.status == "not-applicable"
}

test_not_applicable_to_other_makers if {
	d := rule.decision with input as fixture.device(object.union(legacy, {"pci": {"vendor_id": "1a03"}}))
	d.status == "not-applicable"
}

# The copy in memory of a boot display is the legacy image alone.
test_not_applicable_to_the_shadow if {
	copy := {"firmware": {"roms": [object.union(fixture.rom_base, {"bytes": 65536, "images": [object.union(fixture.legacy_base, {"last": false})]})]}, "pci": {"boot_vga": true}}
	d := rule.decision with input as launched("2020-11-18", copy)
	d.status == "not-applicable"
}

test_unknown_without_a_launch if {
	d := rule.decision with input as fixture.device(legacy)
	d.status == "unknown"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
