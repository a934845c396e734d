package gpuaudit.rules.backdoor.rom_checksum_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_checksum

images(list) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": list})]}})

test_fails_on_wrong_sum if {
	d := rom_checksum.decision with input as images([object.union(fixture.legacy_base, {"sum": 252})])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/0"]
	d.key == "44"
}

test_passes_on_right_sum if {
	d := rom_checksum.decision with input as fixture.facts({})
	d.status == "pass"
}

# AMD's EFI images do not add up to zero, and need not.
test_not_applicable_without_checksums if {
	d := rom_checksum.decision with input as images([fixture.efi_base])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rom_checksum.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rom_checksum.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
	d.missing == ["/device/firmware/roms"]
	contains(d.detail, "--read-rom")
}

test_unknown_without_sum if {
	d := rom_checksum.decision with input as images([object.remove(fixture.legacy_base, ["sum"])])
	d.status == "unknown"
}

# The BIOS that runs from the copy of a boot display writes into it.
test_unknown_on_the_copy_of_a_boot_display if {
	changed := object.union(images([object.union(fixture.legacy_base, {"sum": 252})]), {"device": {"pci": {"boot_vga": true}}})
	d := rom_checksum.decision with input as changed
	d.status == "unknown"
	e := rom_checksum.decision with input as object.union(changed, {"device": {"pci": {"boot_vga": false}}})
	e.status == "fail"
}
