# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# - ref: https://github.com/microsoft/secureboot_objects
# custom:
#   id: GA-BD-031
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.efi_signer

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

signed := [x | some x in rom.efi; x.value.efi.signed == true]

unsigned := [x | some x in rom.efi; x.value.efi.signed == false]

strangers := [x | some x in signed; x.value.efi.chain.fault]

known := [x | some x in signed; x.value.efi.chain.anchor; not x.value.efi.chain.fault]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_signer.fail", {"images": count(strangers), "fault": object.get(reasons, strangers[0].value.efi.chain.fault, verdict.msg("efi_signer.broken", {})), "signer": object.get(strangers[0].value.efi, "signer", "none")}),
		[concat("", [x.pointer, "/efi/chain"]) | some x in strangers],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in strangers])),
) if {
	count(strangers) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_signer.pass", {"images": count(known), "authority": known[0].value.efi.chain.anchor}),
	[concat("", [x.pointer, "/efi/chain"]) | some x in known],
) if {
	rom.read
	count(known) > 0
	count(known) + count(unsigned) == count(rom.efi)
} else := verdict.not_applicable(verdict.msg("efi_signer.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(unsigned) == count(rom.efi)
} else := verdict.unknown(
	verdict.msg("efi_signer.unknown", {}),
	[concat("", [x.pointer, "/efi/chain"]) | some x in rom.efi; not x in known; not x in unsigned],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_signer.lacks", {}), ["/firmware/roms"])

reasons := {
	"signer-absent": verdict.msg("efi_signer.signer_absent", {}),
	"issuer-absent": verdict.msg("efi_signer.issuer_absent", {}),
	"issuer-signature": verdict.msg("efi_signer.issuer_signature", {}),
	"unknown-root": verdict.msg("efi_signer.unknown_root", {}),
}
