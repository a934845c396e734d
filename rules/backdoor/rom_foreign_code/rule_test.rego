package gpuaudit.rules.backdoor.rom_foreign_code_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_foreign_code as rule

image(vendor, kind) := object.union(fixture.legacy_base, {"vendor_id": vendor, "code_type": kind})

card(images) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": images})]}})

test_fails_on_another_type if {
	d := rule.decision with input as card([fixture.legacy_base, image("1002", "7f")])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1"]
	contains(d.detail, "type 7f")
}

# NVIDIA's own types are NVIDIA's.
test_fails_on_anothers_type if {
	d := rule.decision with input as card([image("1002", "e0")])
	d.status == "fail"
}

test_fails_on_hidden_efi if {
	d := rule.decision with input as card([object.union(fixture.efi_base, {"code_type": "00"})])
	d.status == "fail"
	contains(d.detail, "is EFI and says that it is of type 00")
}

test_passes_on_standard_types if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_passes_on_the_vendors_types if {
	d := rule.decision with input as object.union(
		card([fixture.legacy_base, image("10de", "e0"), image("10de", "70")]),
		{"device": {"pci": {"vendor_id": "10de"}}},
	)
	d.status == "pass"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

# Intel's cards have a configuration part, a code part, and data.
intel := object.union(
	card([image("8086", "f0"), image("8086", "ff"), image("8086", "f1"), image("8086", "00")]),
	{"device": {"pci": {"vendor_id": "8086"}}},
)

test_passes_on_intels_types if {
	d := rule.decision with input as intel
	d.status == "pass"
}

# The types of one maker on the card of another are foreign, whatever the image
# says of its maker.
test_fails_on_intels_types_elsewhere if {
	d := rule.decision with input as object.union(intel, {"device": {"pci": {"vendor_id": "10de"}}})
	d.status == "fail"
}

test_unknown_without_the_cards_maker if {
	d := rule.decision with input as json.remove(intel, ["/device/pci/vendor_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}

test_fails_on_efi_under_intels_types if {
	d := rule.decision with input as object.union(intel, {"device": {"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [object.union(fixture.efi_base, {"vendor_id": "8086", "code_type": "f1"})]},
	)]}}})
	d.status == "fail"
}
