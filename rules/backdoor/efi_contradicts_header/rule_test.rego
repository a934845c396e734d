package gpuaudit.rules.backdoor.efi_contradicts_header_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_contradicts_header as rule

card(patch) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [fixture.legacy_base, object.union(fixture.efi_base, {"efi": patch})]},
)]}})

# A boot loader with a good signature in the driver's place.
test_fails_on_a_program if {
	d := rule.decision with input as card({"pe_subsystem": "application"})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/pe_subsystem"]
	contains(d.detail, "says application of itself, and the ROM's header boot-service-driver")
}

test_fails_on_a_runtime_driver if {
	d := rule.decision with input as card({"pe_subsystem": "runtime-driver"})
	d.status == "fail"
}

test_fails_where_both_say_program if {
	d := rule.decision with input as card({"pe_subsystem": "application", "subsystem": "application"})
	d.status == "fail"
	contains(d.detail, "that, too, and not boot-service-driver")
}

test_fails_on_another_machine if {
	d := rule.decision with input as card({"pe_machine": "ebc"})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/pe_machine"]
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_without_efi if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": [fixture.legacy_base]})]}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_not_unpacked if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"subsystem": "boot-service-driver", "machine": "x64"}})]},
	)]}})
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
