package gpuaudit.rules.backdoor.rom_copies_differ_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_copies_differ

copies(image) := fixture.device({"firmware": {"roms": [
	fixture.rom_base,
	object.union(fixture.rom_base, {"source": "debugfs", "images": [image, fixture.efi_base]}),
]}})

test_fails_on_other_image if {
	d := rom_copies_differ.decision with input as copies(object.union(fixture.legacy_base, {"sha256": "99"}))
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0", "/device/firmware/roms/1"]
}

test_passes_on_equal_images if {
	d := rom_copies_differ.decision with input as copies(fixture.legacy_base)
	d.status == "pass"
}

test_passes_on_a_copy_that_lacks_an_image if {
	d := rom_copies_differ.decision with input as fixture.device({"firmware": {"roms": [
		fixture.rom_base,
		object.union(fixture.rom_base, {"source": "vfct", "images": [fixture.legacy_base]}),
	]}})
	d.status == "pass"
}

test_fails_on_a_file_that_lacks_an_image if {
	d := rom_copies_differ.decision with input as fixture.device({"firmware": {"roms": [
		fixture.rom_base,
		object.union(fixture.rom_base, {"source": "file", "images": [fixture.legacy_base]}),
	]}})
	d.status == "fail"
}

test_not_applicable_to_one_reading if {
	d := rom_copies_differ.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_unknown_without_digest if {
	d := rom_copies_differ.decision with input as copies(object.remove(fixture.legacy_base, ["sha256"]))
	d.status == "unknown"
}

test_unknown_when_a_source_was_not_read if {
	d := rom_copies_differ.decision with input as fixture.device({"gaps": [{"fact": "/firmware/roms", "source": "debugfs", "reason": "permission"}]})
	d.status == "unknown"
}

# A dump that was given, where the kernel has no ROM to read; where it could have
# been asked, a second reading is missing.
test_a_dump_beside_an_unread_rom if {
	d := rom_copies_differ.decision with input as fixture.device({"gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "not-present"}, {"fact": "/driver", "source": "x", "reason": "permission"}]})
	d.status == "not-applicable"
	e := rom_copies_differ.decision with input as fixture.device({"gaps": [fixture.rom_gap]})
	e.status == "unknown"
}

test_not_applicable_without_rom if {
	d := rom_copies_differ.decision with input as fixture.romless
	d.status == "not-applicable"
}
