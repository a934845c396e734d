package gpuaudit.rules.backdoor.efi_unsigned_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_unsigned

efi(list) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": array.concat(
	[fixture.legacy_base],
	[object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e}) | some e in list],
)})]}})

test_fails_when_none_is_signed if {
	d := efi_unsigned.decision with input as efi([{"signed": false}])
	d.status == "fail"
}

test_passes_with_signed_image if {
	d := efi_unsigned.decision with input as efi([{"signed": true}])
	d.status == "pass"
}

test_not_applicable_without_efi if {
	d := efi_unsigned.decision with input as efi([])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := efi_unsigned.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_not_unpacked if {
	d := efi_unsigned.decision with input as efi([{}])
	d.status == "unknown"
}
