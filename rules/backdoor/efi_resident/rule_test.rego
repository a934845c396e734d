package gpuaudit.rules.backdoor.efi_resident_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_resident

efi(list) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": array.concat(
	[fixture.legacy_base],
	[object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e}) | some e in list],
)})]}})

test_fails_on_runtime_driver if {
	d := efi_resident.decision with input as efi([{"subsystem": "runtime-driver"}])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/subsystem"]
}

test_passes_on_boot_driver if {
	d := efi_resident.decision with input as efi([{"subsystem": "boot-service-driver"}])
	d.status == "pass"
}

test_not_applicable_without_efi if {
	d := efi_resident.decision with input as efi([])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := efi_resident.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_header if {
	d := efi_resident.decision with input as efi([{}])
	d.status == "unknown"
}
