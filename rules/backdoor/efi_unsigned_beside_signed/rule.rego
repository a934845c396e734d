# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-008
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.efi_unsigned_beside_signed

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

with_signature(value) := [x |
	some x in rom.efi
	x.value.efi.signed == value
]

added := [x |
	some x in with_signature(false)
	some y in with_signature(true)
	x.rom == y.rom
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_unsigned_beside_signed.fail", {"image": added[0].image}),
		[x.pointer | some x in added],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in added])),
) if {
	count(added) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_unsigned_beside_signed.pass", {"images": count(rom.efi), "sources": rom.sources}),
	[x.pointer | some x in rom.efi],
) if {
	rom.read
	count(rom.efi) > 0
	count(with_signature(true)) == count(rom.efi)
} else := verdict.not_applicable(verdict.msg("efi_unsigned_beside_signed.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(with_signature(false)) == count(rom.efi)
} else := verdict.unknown(
	verdict.msg("efi_unsigned_beside_signed.unknown", {}),
	[concat("", [x.pointer, "/efi/signed"]) | some x in rom.efi],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_unsigned_beside_signed.lacks", {}), ["/firmware/roms"])
