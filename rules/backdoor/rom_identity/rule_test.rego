package gpuaudit.rules.backdoor.rom_identity_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_identity

legacy(patch) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": [
	object.union(fixture.legacy_base, patch),
	object.union(fixture.efi_base, {"vendor_id": "0000", "device_id": "0000"}),
]})]}})

test_fails_on_other_device if {
	d := rom_identity.decision with input as legacy({"device_id": "73ff"})
	d.status == "fail"
	d.evidence[0] == "/device/firmware/roms/0/images/0"
}

test_fails_on_other_vendor if {
	d := rom_identity.decision with input as legacy({"vendor_id": "10de"})
	d.status == "fail"
}

test_passes_on_own_device if {
	d := rom_identity.decision with input as legacy({})
	d.status == "pass"
}

test_passes_on_device_list if {
	d := rom_identity.decision with input as legacy({"device_id": "73ff", "device_ids": ["73af", "73bf"]})
	d.status == "pass"
}

test_not_applicable_without_legacy_image if {
	d := rom_identity.decision with input as legacy({"code_type": "03"})
	d.status == "not-applicable"
}

# One image of system firmware serves several integrated GPUs.
test_not_applicable_to_system_firmware if {
	d := rom_identity.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"source": "vfct", "images": [object.union(fixture.legacy_base, {"device_id": "15d8"})]},
	)]}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rom_identity.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_own_id if {
	d := rom_identity.decision with input as json.remove(legacy({"device_id": "73ff"}), ["/device/pci/device_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/device_id"]
}
