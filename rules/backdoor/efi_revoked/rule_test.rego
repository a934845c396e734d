package gpuaudit.rules.backdoor.efi_revoked_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_revoked

efi(e) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e})]},
)]}})

good := fixture.efi_base.efi

test_fails_when_listed if {
	d := efi_revoked.decision with input as efi(object.union(good, {"in_dbx": true}))
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/0/efi/in_dbx"]
}

# A shim that Microsoft's list has had since 2018.
test_fails_on_the_published_list if {
	d := efi_revoked.decision with input as efi(object.union(good, {"in_dbx": false, "authenticode_sha256": "80b4d96931bf0d02fd91a61e19d14f1da452e66db2408ca8604d411f92659f0a"}))
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/0/efi/authenticode_sha256"]
	contains(d.detail, "shim.efi")
}

test_passes_when_not_listed if {
	d := efi_revoked.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_to_legacy_bios if {
	d := efi_revoked.decision with input as object.union(
		efi(object.remove(good, ["in_dbx"])),
		{"host": object.union(object.remove(fixture.host_base, ["boot"]), {"boot": {"mode": "bios"}})},
	)
	d.status == "not-applicable"
}

test_not_applicable_without_efi_image if {
	d := efi_revoked.decision with input as fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": [fixture.legacy_base]})]}})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := efi_revoked.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_list if {
	d := efi_revoked.decision with input as json.remove(fixture.facts({}), ["/host/boot/dbx"])
	d.status == "unknown"
	d.missing == ["/host/boot/dbx"]
}

test_unknown_where_the_list_cannot_answer if {
	d := efi_revoked.decision with input as efi(object.remove(good, ["in_dbx"]))
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/0/images/0/efi/in_dbx"]
}

test_unknown_when_rom_was_not_read if {
	d := efi_revoked.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

without_list(secure_boot) := object.union(
	json.remove(fixture.facts({}), ["/host/boot/dbx", "/host/boot/secure_boot"]),
	{"host": {"boot": {"secure_boot": secure_boot}, "gaps": [{"fact": "/boot/dbx", "source": "efivars", "reason": "not-present"}]}},
)

test_not_applicable_where_nothing_is_enforced if {
	d := efi_revoked.decision with input as without_list(false)
	d.status == "not-applicable"
}

test_unknown_where_secure_boot_has_no_list if {
	d := efi_revoked.decision with input as without_list(true)
	d.status == "unknown"
}
