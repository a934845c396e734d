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
	used(t)
]

# used: the memory runs beyond the slower clock, so that the set counts. What stands
# under clocks that no driver sets, some makers left as it was.
used(t) if t.value.same_as_mhz < top[t.rom]

used(t) if not top[t.rom]

top[i] := max(mhz) if {
	some i, r in rom.roms
	mhz := [m | some c in r.clocks; c.of == "memory"; some m in c.mhz]
	count(mhz) > 0
}

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
