# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-007
#   severity: critical
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.efi_digest

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

bad := [x |
	some x in rom.efi
	disagrees(x.value.efi)
]

disagrees(efi) if efi.digest_matches == false

disagrees(efi) if efi.signature_valid == false

sound := [x.pointer |
	some x in rom.efi
	x.value.efi.signed == true
	x.value.efi.digest_matches == true
	x.value.efi.signature_valid == true
]

unsigned := [x.pointer |
	some x in rom.efi
	x.value.efi.signed == false
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_digest.fail", {"images": count(bad), "signer": object.get(bad[0].value.efi, "signer", "none")}),
		[x.pointer | some x in bad],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in bad])),
) if {
	count(bad) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_digest.pass", {"images": count(sound), "sources": rom.sources}),
	sound,
) if {
	rom.read
	count(sound) > 0
	count(sound) + count(unsigned) == count(rom.efi)
} else := verdict.not_applicable(verdict.msg("efi_digest.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(unsigned) == count(rom.efi)
} else := verdict.unknown(
	verdict.msg("efi_digest.unknown", {}),
	[concat("", [x.pointer, "/efi"]) | some x in rom.efi; not x.pointer in sound; not x.pointer in unsigned],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_digest.lacks", {}), ["/firmware/roms"])
