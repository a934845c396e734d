package gpuaudit.rules.provenance.efi_authority_ended_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.efi_authority_ended as rule

efi(e) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e})]},
)]}})

test_fails_after_the_end if {
	d := rule.decision with input as efi({"signed": true, "chain": {"anchor": "CA 2011", "anchor_not_after": "2026-06-27T21:32:45Z"}})
	d.status == "fail"
	contains(d.detail, "2026-06-27")
}

test_passes_before_the_end if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_to_unsigned if {
	d := rule.decision with input as efi({"signed": false})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_chain if {
	d := rule.decision with input as efi({"signed": true})
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/0/images/0/efi/chain"]
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
