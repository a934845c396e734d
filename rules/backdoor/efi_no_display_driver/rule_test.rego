package gpuaudit.rules.backdoor.efi_no_display_driver_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_no_display_driver as rule

card(efi) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [fixture.legacy_base, object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": efi})]},
)]}})

signed := object.union(fixture.efi_base.efi, {"display": {"maker": "none"}})

test_fails_on_a_program_without_a_name if {
	d := rule.decision with input as card(signed)
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi"]
}

test_fails_on_a_boot_loader if {
	d := rule.decision with input as card(object.union(signed, {"sbat": ["sbat,1", "shim,4"]}))
	d.status == "fail"
	contains(d.detail, "shim,4")
}

test_passes_on_the_honest_card if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

# One that is not signed is the subject of other rules.
test_not_applicable_to_unsigned if {
	d := rule.decision with input as card(object.union(signed, {"signed": false}))
	d.status == "not-applicable"
}

# Whoever is unknown is the subject of GA-BD-031.
test_not_applicable_to_unknown_signers if {
	d := rule.decision with input as card(object.union(signed, {"chain": {"fault": "unknown-root"}}))
	d.status == "not-applicable"
}

test_unknown_where_it_was_not_read if {
	d := rule.decision with input as card(object.remove(fixture.efi_base.efi, ["display"]))
	d.status == "unknown"
}

test_not_applicable_to_other_makers if {
	d := rule.decision with input as object.union(card(signed), {"device": {"pci": {"vendor_id": "1a03"}}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
