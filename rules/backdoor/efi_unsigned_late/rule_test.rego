package gpuaudit.rules.backdoor.efi_unsigned_late_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_unsigned as older
import data.gpuaudit.rules.backdoor.efi_unsigned_late as rule

unsigned := object.union(fixture.efi_base, {"efi": {"signed": false}})

card(vendor, launch, rom) := object.union(
	fixture.device({
		"pci": {"vendor_id": vendor},
		"firmware": {"roms": [object.union(object.union(fixture.rom_base, {"images": [fixture.legacy_base, unsigned]}), rom)]},
	}),
	{"catalogue": {"accelerator": launch}},
)

# Only one of the two rules speaks of a card.
test_fails_on_a_card_of_a_maker_that_signs if {
	every input_ in [
		card("1002", {"launch_date": "2017-04-18"}, {}),
		card("8086", {"launch_date": "2022-10-12"}, {}),
		card("10de", {"launch_date": "2014"}, {}),
		card("10de", {}, {"build_date": "2014-06-01"}),
	] {
		d := rule.decision with input as input_
		d.status == "fail"
		d.evidence == ["/device/firmware/roms/0/images/1"]
		e := older.decision with input as input_
		e.status == "not-applicable"
	}
}

test_not_applicable_to_others if {
	every input_ in [
		card("1002", {"launch_date": "2012-01-09"}, {}),
		card("1a03", {}, {}),
		object.union(card("1002", {"launch_date": "2019-12-01"}, {}), {"device": {"pci": {"subsystem_vendor_id": "106b"}}}),
		card("1002", {"launch_date": "2025-01-06", "memory_unified": true}, {}),
		object.union(card("1002", {"launch_date": "2025-01-06"}, {}), {"device": {"functions": [{"address": "0000:01:00.2", "vendor_id": "1022", "device_id": "1649", "class_code": "108000"}]}}),
	] {
		d := rule.decision with input as input_
		d.status == "not-applicable"
		e := older.decision with input as input_
		e.status == "fail"
	}
}

test_passes_with_a_signed_image if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_without_an_efi_image if {
	d := rule.decision with input as card("1002", {}, {"images": [fixture.legacy_base]})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

# The ROM of AMD's and Intel's processors is built this year, and not signed.
test_unknown_without_a_launch if {
	d := rule.decision with input as card("1002", {}, {"build_date": "2024-01-01"})
	d.status == "unknown"
	e := older.decision with input as card("1002", {}, {"build_date": "2024-01-01"})
	e.status == "fail"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

# A card that no catalogue dates, whose maker states this very firmware.
test_not_applicable_where_a_manifest_states_the_firmware if {
	undated := card("1002", {}, {})
	d := rule.decision with input as undated
	d.status == "unknown"
	e := rule.decision with input as object.union(undated, {"reference": {"firmware": {"state": "match", "reason": "stated"}}})
	e.status == "not-applicable"
}
