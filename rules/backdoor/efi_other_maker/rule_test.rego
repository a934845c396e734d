package gpuaudit.rules.backdoor.efi_other_maker_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_other_maker as rule

card(driver) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [fixture.legacy_base, object.union(fixture.efi_base, {"efi": {"display": driver}})]},
)]}})

test_fails_on_another_makers_driver if {
	d := rule.decision with input as card({"maker": "10de", "name": "NVIDIA GPU UEFI Driver"})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/display"]
	contains(d.detail, "NVIDIA GPU UEFI Driver")
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_passes_on_graphics_of_amds_processors if {
	d := rule.decision with input as fixture.device({"pci": {"vendor_id": "1022"}})
	d.status == "pass"
}

test_not_applicable_without_a_name if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": [fixture.legacy_base]})]}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_not_applicable_where_none_is_named if {
	d := rule.decision with input as card({"maker": "none", "name": ""})
	d.status == "not-applicable"
}

test_unknown_where_a_driver_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [fixture.legacy_base, object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"signed": true}})]},
	)]}})
	d.status == "unknown"
}

# What system firmware added to the copy that it gives a driver is not the card's.
test_not_applicable_to_vfct if {
	roms := [object.union(fixture.rom_base, {"source": "vfct", "images": [object.union(fixture.efi_base, {"efi": {"display": {"maker": "8086"}}})]})]
	d := rule.decision with input as fixture.device({"firmware": {"roms": roms}})
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
