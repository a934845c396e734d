package gpuaudit.rules.backdoor.efi_hidden_data_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_hidden_data as rule

with_images(images) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": images})]}})

card(patch) := with_images([fixture.legacy_base, object.union(fixture.efi_base, {"efi": patch})])

test_fails_on_overlay if {
	d := rule.decision with input as card({"overlay": {"offset": 70000, "bytes": 8192, "non_blank": 8160}})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/overlay"]
	contains(d.detail, "data that its signature does not cover, behind its end or between its parts (bytes: 8160)")
}

test_fails_on_padded_certificate if {
	d := rule.decision with input as card({"certificate": {"offset": 70000, "bytes": 8192, "non_blank": 8160}})
	d.status == "fail"
	contains(d.detail, "table of certificates")
}

# What lies behind a driver without a signature is covered by none.
test_silent_on_unsigned if {
	d := rule.decision with input as card({"signed": false, "overlay": {"offset": 1, "bytes": 8192, "non_blank": 8160}})
	d.status == "not-applicable"
}

test_passes_on_blank_room if {
	d := rule.decision with input as card({"overlay": {"offset": 1, "bytes": 512, "non_blank": 0}})
	d.status == "pass"
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_passes_beside_an_unsigned_one if {
	d := rule.decision with input as with_images([fixture.efi_base, object.union(fixture.efi_base, {"efi": {"signed": false}})])
	d.status == "pass"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_not_unpacked if {
	d := rule.decision with input as with_images([object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"signed": true}})])
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
