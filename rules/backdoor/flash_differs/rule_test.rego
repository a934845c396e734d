package gpuaudit.rules.backdoor.flash_differs_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.flash_differs as rule

sound := {"found": true, "offset": 4096, "bytes": 61952, "changed": 0, "short": false, "unseen_bytes": 1279}

with_dump(patch, device) := fixture.device(object.union(
	{"firmware": {"roms": [fixture.rom_base, object.union(fixture.rom_base, {"source": "flash", "in_flash": object.union(sound, patch)})]}},
	device,
))

card(patch) := with_dump(patch, {})

test_fails_on_bytes_that_differ if {
	d := rule.decision with input as card({"changed": 12, "differing": ["legacy image", "bit.P.perf"]})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/1/in_flash"]
	contains(d.detail, "bit.P.perf")
}

test_passes_what_the_card_shows if {
	d := rule.decision with input as card({})
	d.status == "pass"
	contains(d.detail, "1279")
}

test_unknown_where_the_dump_ends_before if {
	d := rule.decision with input as card({"short": true})
	d.status == "unknown"
}

test_unknown_where_the_dump_holds_no_image if {
	d := rule.decision with input as card({"found": false, "bytes": 0})
	d.status == "unknown"
}

# What firmware keeps in memory of a boot display's ROM may have been written to.
test_unknown_of_a_copy_in_memory if {
	copy := object.union(fixture.rom_base, {"bytes": 61952, "images": [{"code_type": "00", "last": false}]})
	dump := object.union(fixture.rom_base, {"source": "flash", "in_flash": object.union(sound, {"changed": 12})})
	d := rule.decision with input as fixture.device({"pci": {"boot_vga": true}, "firmware": {"roms": [copy, dump]}})
	d.status == "unknown"
}

test_unknown_when_the_kernel_gave_nothing if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"source": "flash"})]}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

test_unknown_when_nothing_was_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

test_not_applicable_without_a_dump if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}
