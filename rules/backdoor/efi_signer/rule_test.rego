package gpuaudit.rules.backdoor.efi_signer_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.efi_signer

efi(list) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": [object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": e}) | some e in list]},
)]}})

good := fixture.efi_base.efi

stranger := object.union(object.remove(good, ["chain"]), {"chain": {"fault": "unknown-root"}})

test_fails_on_own_root if {
	d := efi_signer.decision with input as efi([good, stranger])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/1/efi/chain"]
}

test_passes_when_all_lead_to_an_authority if {
	d := efi_signer.decision with input as efi([good, {"signed": false}])
	d.status == "pass"
}

test_not_applicable_without_signature if {
	d := efi_signer.decision with input as efi([{"signed": false}])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := efi_signer.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_without_chain if {
	d := efi_signer.decision with input as efi([object.remove(good, ["chain"])])
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/0/images/0/efi/chain"]
}

test_unknown_when_rom_was_not_read if {
	d := efi_signer.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
