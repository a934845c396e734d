package gpuaudit.rules.backdoor.rom_extra_images_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_extra_images as rule

legacy(chain, sum) := object.union(fixture.legacy_base, {"chain": chain, "sha256": sum})

efi(chain, sum) := object.union(fixture.efi_base, {"chain": chain, "sha256": sum})

card(images) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": images})]}})

test_fails_on_a_second_legacy_image if {
	d := rule.decision with input as card([legacy(0, "1"), legacy(0, "2"), efi(0, "3")])
	d.status == "fail"
	d.key == "2"
}

test_fails_on_a_third_efi_image if {
	d := rule.decision with input as card([legacy(0, "1"), efi(0, "2"), efi(0, "3"), efi(0, "4")])
	d.status == "fail"
	d.key == "4"
}

test_fails_on_an_image_behind_the_end if {
	d := rule.decision with input as card([legacy(0, "1"), efi(0, "2"), legacy(1, "5")])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/2"]
}

test_passes_on_a_second_copy if {
	d := rule.decision with input as card([legacy(0, "1"), efi(0, "2"), legacy(1, "1"), efi(1, "2")])
	d.status == "pass"
}

test_passes_on_two_efi_drivers if {
	d := rule.decision with input as card([legacy(0, "1"), efi(0, "2"), efi(0, "3")])
	d.status == "pass"
}

test_passes_on_the_vendors_own_images if {
	d := rule.decision with input as card([legacy(0, "1"), object.union(legacy(1, "9"), {"code_type": "e0"})])
	d.status == "pass"
}

two_copies(second) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {
	"images": [object.union(legacy(0, "1"), {"offset": 0}), object.union(legacy(1, "1"), {"offset": 4096})],
	"private": [{"offset": 1024, "code_type": "e0", "sha256": "a"}, {"offset": 5120, "code_type": "e0", "sha256": second}],
})]}})

test_fails_on_a_second_copy_that_differs if {
	d := rule.decision with input as two_copies("b")
	d.status == "fail"
	d.key == "b"
	d.evidence == ["/device/firmware/roms/0/private/1"]
	contains(d.detail, "5120")
}

test_passes_on_equal_copies if {
	d := rule.decision with input as two_copies("a")
	d.status == "pass"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_places if {
	d := rule.decision with input as card([fixture.legacy_base])
	d.status == "unknown"
}
