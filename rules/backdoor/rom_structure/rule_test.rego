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
