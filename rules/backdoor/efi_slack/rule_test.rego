package gpuaudit.rules.backdoor.efi_slack_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_slack as rule

card(patch) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [fixture.legacy_base, object.union(fixture.efi_base, {"efi": patch})]},
)]}})

test_fails_on_payload if {
	d := rule.decision with input as card({"slack": {"offset": 98304, "bytes": 4600, "non_blank": 4080}})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/slack"]
	contains(d.detail, "data beside its driver: behind it, from offset 98304 of the ROM on (bytes: 4080)")
}

test_fails_on_payload_in_front if {
	d := rule.decision with input as card({"front": {"offset": 59420, "bytes": 4600, "non_blank": 4080}})
	d.status == "fail"
	contains(d.detail, "in front of it")
}

test_passes_on_a_byte_for_the_sum if {
	d := rule.decision with input as card({"slack": {"offset": 98304, "bytes": 300, "non_blank": 1}})
	d.status == "pass"
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
		{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"signed": true}})]},
	)]}})
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
