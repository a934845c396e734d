# METADATA
# related_resources:
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/include/atombios.h
# custom:
#   id: GA-PR-082
#   severity: medium
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.timings_copied

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# fast is the clock from which on makers repeat a set themselves.
fast := 2000

timings := [{"pointer": sprintf("/device/firmware/roms/%d/timings/%d", [i, j]), "rom": i, "value": t} |
	some i, r in rom.roms
	some j, t in r.timings
]

copied := [t |
	some t in timings
	t.value.same_as_mhz > 0
	t.value.same_as_mhz < fast
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("timings_copied.fail", {"sets": count(copied), "slow": copied[0].value.same_as_mhz, "mhz": object.get(copied[0].value, "mhz", "?")}),
		[t.pointer | some t in copied],
	),
	concat(",", sort({object.get(rom.roms[t.rom], "sha256", "") | some t in copied})),
) if {
	count(copied) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("timings_copied.pass", {"sets": count(timings)}),
	[t.pointer | some t in timings],
) if {
	rom.read
	count(timings) > 0
	lib.all_have([t.value | some t in timings], ["mhz", "same_as_mhz"])
} else := verdict.not_applicable(verdict.msg("timings_copied.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(timings) == 0
} else := lib.device_lacks(verdict.msg("timings_copied.lacks", {}), ["/firmware/roms"])
