package gpuaudit.rules.backdoor.efi_unsigned_beside_signed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_unsigned_beside_signed as rule

efi(list) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e}) | some e in list]},
)]}})

test_fails_on_added_image if {
	d := rule.decision with input as efi([{"signed": false}, {"signed": true}])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/0"]
}

test_passes_when_all_are_signed if {
	d := rule.decision with input as efi([{"signed": true}, {"signed": true}])
	d.status == "pass"
}

test_not_applicable_without_signed_image if {
	d := rule.decision with input as efi([{"signed": false}])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_not_unpacked if {
	d := rule.decision with input as efi([{"signed": true}, {}])
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
