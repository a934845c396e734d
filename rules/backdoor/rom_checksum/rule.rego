# METADATA
# related_resources:
# - ref: https://pcisig.com/specifications
# custom:
#   id: GA-BD-004
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_checksum

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# wrong: editors mend the sum, and bad reads and copies that a running card changes have a
# wrong one, so that it does not say what the card is.
wrong := [x |
	some x in rom.images
	x.value.sum_required == true
	x.value.sum != 0
	not x.rom in rom.shadow
]

# written are wrong sums of a copy that its own code may have changed.
written := [x.pointer |
	some x in rom.images
	x.rom in rom.shadow
	x.value.sum_required == true
	x.value.sum != 0
]

right := [x.pointer |
	some x in rom.images
	x.value.sum_required == true
	x.value.sum == 0
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_checksum.fail", {"images": count(wrong), "code_type": object.get(wrong[0].value, "code_type", "unknown"), "sum": wrong[0].value.sum}),
		[x.pointer | some x in wrong],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in wrong])),
) if {
	count(wrong) > 0
} else := verdict.unknown(
	verdict.msg("rom_checksum.unknown", {}),
	["/device/firmware/roms"],
) if {
	count(written) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_checksum.pass", {"images": count(right), "sources": rom.sources}),
	right,
) if {
	rom.read
	lib.all_have([x.value | some x in rom.images], ["sum", "sum_required"])
	count(right) > 0
} else := verdict.not_applicable(verdict.msg("rom_checksum.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	lib.all_have([x.value | some x in rom.images], ["sum", "sum_required"])
} else := lib.device_lacks(verdict.msg("rom_checksum.lacks", {}), ["/firmware/roms"])
