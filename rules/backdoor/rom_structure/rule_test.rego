package gpuaudit.rules.backdoor.rom_structure_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_structure

faults(list) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"faults": list})]}})

test_fails_on_broken_chain if {
	d := rom_structure.decision with input as faults([
		{"kind": "sum", "offset": 0, "detail": "the bytes sum to 01, not 00"},
		{"kind": "overlap", "offset": 512, "detail": "reaches into what follows"},
	])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/faults/1"]
	d.key == "overlap"
}

test_passes_on_whole_chain if {
	d := rom_structure.decision with input as fixture.facts({})
	d.status == "pass"
}

test_passes_with_harmless_fault if {
	d := rom_structure.decision with input as faults([{"kind": "header-length", "offset": 0, "detail": "shorter"}])
	d.status == "pass"
}

test_not_applicable_without_rom if {
	d := rom_structure.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_on_blank_read if {
	d := rom_structure.decision with input as faults([{"kind": "blank", "offset": 0, "detail": "all bytes are ff"}])
	d.status == "unknown"
	contains(d.detail, "all bytes are ff")
}

test_unknown_on_fault_without_kind if {
	d := rom_structure.decision with input as faults([{"offset": 0, "detail": "something"}])
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rom_structure.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

unended := [{"kind": "chain-without-last", "offset": 56320, "detail": "the ROM ends and no image is marked as the last"}]

legacy := object.union(fixture.legacy_base, {"last": false})

reading(boot, rom) := fixture.device({"pci": {"boot_vga": boot}, "firmware": {"roms": [object.union(
	object.union(fixture.rom_base, {"faults": unended, "bytes": 56320}),
	rom,
)]}})

# The legacy copy in memory of a boot display is no whole ROM, and says nothing of
# the card; that of another display is a ROM that was cut.
test_unknown_on_the_copy_of_a_boot_display if {
	d := rom_structure.decision with input as reading(true, {"images": [legacy]})
	d.status == "unknown"
	contains(d.detail, "copy of the legacy image")
}

test_fails_on_the_same_of_another_display if {
	every input_ in [
		reading(false, {"images": [legacy]}),
		reading(true, {"images": [legacy, fixture.efi_base]}),
		reading(true, {"images": [legacy], "bytes": 262144}),
	] {
		d := rom_structure.decision with input as input_
		d.status == "fail"
	}
}

# Another fault of the copy is one.
test_fails_on_another_fault_of_the_copy if {
	d := rom_structure.decision with input as reading(true, {"images": [legacy], "faults": array.concat(unended, [{"kind": "bad-pcir", "offset": 3, "detail": "x"}])})
	d.status == "fail"
	d.key == "bad-pcir"
}

test_unknown_on_what_a_driver_keeps if {
	every source in ["vfct", "debugfs"] {
		d := rom_structure.decision with input as reading(false, {"source": source, "images": [legacy]})
		d.status == "unknown"
	}
}

# Intel's configuration part has no end: the code part follows in flash.
test_unknown_on_the_configuration_part if {
	parts := [object.union(legacy, {"vendor_id": "8086", "device_id": "0000", "code_type": kind}) | some kind in ["f0", "ff"]]
	d := rom_structure.decision with input as reading(false, {"images": parts})
	d.status == "unknown"
	contains(d.detail, "configuration part")
	e := rom_structure.decision with input as reading(false, {"images": [object.union(image, {"vendor_id": "1002"}) | some image in parts]})
	e.status == "fail"
}
