# METADATA
# related_resources:
# - ref: https://github.com/microsoft/secureboot_objects
# custom:
#   id: GA-PR-017
#   severity: info
#   scope: device
#   question: code
package gpuaudit.rules.provenance.efi_authority_ended

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

anchored := [x | some x in rom.efi; x.value.efi.chain.anchor]

now := time.parse_rfc3339_ns(input.now)

ended := [x |
	some x in anchored
	time.parse_rfc3339_ns(x.value.efi.chain.anchor_not_after) < now
]

lasting := [x |
	some x in anchored
	time.parse_rfc3339_ns(x.value.efi.chain.anchor_not_after) >= now
]

# unanchored: an unsigned image, or one whose signer leads to no authority, about
# which another rule speaks.
unanchored := [x | some x in rom.efi; x.value.efi.signed == false]

strangers := [x | some x in rom.efi; x.value.efi.chain.fault]

decision := verdict.fail(
	verdict.msg("efi_authority_ended.fail", {"authority": ended[0].value.efi.chain.anchor, "day": substring(ended[0].value.efi.chain.anchor_not_after, 0, 10), "images": count(ended)}),
	[concat("", [x.pointer, "/efi/chain/anchor_not_after"]) | some x in ended],
) if {
	count(ended) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_authority_ended.pass", {"images": count(lasting)}),
	[concat("", [x.pointer, "/efi/chain/anchor_not_after"]) | some x in lasting],
) if {
	rom.read
	count(lasting) > 0
	(count(lasting) + count(unanchored)) + count(strangers) == count(rom.efi)
} else := verdict.not_applicable(verdict.msg("efi_authority_ended.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(unanchored) + count(strangers) == count(rom.efi)
} else := verdict.unknown(
	verdict.msg("efi_authority_ended.unknown", {}),
	[concat("", [x.pointer, "/efi/chain"]) | some x in rom.efi; not x in lasting; not x in unanchored],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_authority_ended.lacks", {}), ["/firmware/roms"])
