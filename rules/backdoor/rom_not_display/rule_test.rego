package gpuaudit.rules.backdoor.rom_not_display_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_not_display as rule

card(patch) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [object.union(fixture.legacy_base, patch), fixture.efi_base]},
)]}})

# A network boot loader with the card's ids in front.
test_fails_without_table if {
	d := rule.decision with input as card({"directory": "none"})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/0"]
	contains(d.detail, "none of the tables")
}

test_fails_on_a_table_of_long_ago if {
	d := rule.decision with input as card({"directory": "ati"})
	d.status == "fail"
	n := rule.decision with input as card({"vendor_id": "10de", "device_id": "2684", "directory": "bmp"})
	n.status == "fail"
}

test_passes_on_cards_of_long_ago if {
	every patch in [
		{"device_id": "4150", "directory": "ati"},
		{"device_id": "7834", "directory": "ati"},
		{"vendor_id": "10de", "device_id": "0110", "directory": "bmp"},
	] {
		d := rule.decision with input as card(patch)
		d.status == "pass"
	}
}

test_fails_on_another_class if {
	d := rule.decision with input as card({"class_code": "020000"})
	d.status == "fail"
	contains(d.detail, "class 020000")
}

# The device itself is of that class.
test_passes_on_the_class_of_the_device if {
	d := rule.decision with input as object.union(card({"class_code": "0b4000"}), {"device": {"pci": {"class_code": "0b4000"}}})
	d.status == "pass"
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_on_anothers_rom if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [object.union(fixture.legacy_base, {"vendor_id": "1234"})]},
	)]}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_cut_short if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [object.remove(fixture.legacy_base, ["directory"])]},
	)]}})
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
