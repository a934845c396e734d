package gpuaudit.rules.provenance.efi_generation_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.efi_generation as rule

card(version, driver) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"version": version, "images": [fixture.legacy_base, object.union(fixture.efi_base, {"efi": {"display": driver}})]},
)]}})

nvidia(family) := {"maker": "10de", "name": "NVIDIA GPU UEFI Driver", "family": family}

test_fails_on_another_family if {
	d := rule.decision with input as card("94.02.26.C0.09", nvidia("gk1xx"))
	d.status == "fail"
	contains(d.detail, "gk1xx")
	d.evidence == ["/device/firmware/roms/0/images/1/efi/display", "/device/firmware/roms/0/version"]
}

test_passes_on_its_own_family if {
	d := rule.decision with input as card("94.02.26.C0.09", nvidia("ga1xx"))
	d.status == "pass"
}

test_fails_on_a_driver_of_amds_for_others if {
	d := rule.decision with input as card("015.050.002.001.000000", {"maker": "1002", "name": "AMD GOP", "version": "3.1.0"})
	d.status == "fail"
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_to_what_was_not_measured if {
	d := rule.decision with input as card("032.019.000.010.000000", {"maker": "1002", "name": "AMD GOP", "version": "3.7.11"})
	d.status == "not-applicable"
}

test_unknown_where_a_driver_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [fixture.legacy_base, object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"signed": true}})]},
	)]}})
	d.status == "unknown"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
