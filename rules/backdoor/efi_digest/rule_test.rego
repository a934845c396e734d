package gpuaudit.rules.backdoor.efi_digest_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_digest

efi(list) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": array.concat(
	[fixture.legacy_base],
	[object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e}) | some e in list],
)})]}})

good := fixture.efi_base.efi

unsigned := {"machine": "x64", "subsystem": "boot-service-driver", "compression": 0, "signed": false}

test_fails_on_other_digest if {
	d := efi_digest.decision with input as efi([good, object.union(good, {"digest_matches": false})])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/2"]
}

test_fails_on_bad_arithmetic if {
	d := efi_digest.decision with input as efi([object.union(good, {"signature_valid": false})])
	d.status == "fail"
}

test_passes_when_all_agree if {
	d := efi_digest.decision with input as efi([good, unsigned])
	d.status == "pass"
}

test_not_applicable_without_signatures if {
	d := efi_digest.decision with input as efi([unsigned])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := efi_digest.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_not_unpacked if {
	d := efi_digest.decision with input as efi([good, {"machine": "x64", "subsystem": "boot-service-driver", "compression": 1}])
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/0/images/2/efi"]
}

test_unknown_when_rom_was_not_read if {
	d := efi_digest.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
