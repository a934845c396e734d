# METADATA
# related_resources:
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/nouveau/nvkm/subdev/bios/perf.c
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/pm/powerplay/hwmgr/pptable_v1_0.h
# custom:
#   id: GA-PR-083
#   severity: medium
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.memory_overclocked

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# beyond is by how many percent makers of boards go beyond what a part is specified for,
# and more: of 382 public dumps, those that nobody made for mining are at most 6 % above,
# and those that somebody did start at 11 %. One of these is the maker's own.
beyond := 10

part := object.get(input.catalogue, "accelerator", {})

specified := part.fastest_line_mbps

rates := [{"pointer": sprintf("/device/firmware/roms/%d/clocks/%d", [i, j]), "rom": i, "mbps": c.line_mbps} |
	some i, r in rom.roms
	some j, c in r.clocks
	c.of == "memory"
	c.line_mbps
]

fast := [r |
	some r in rates
	r.mbps * 100 > specified * (100 + beyond)
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("memory_overclocked.fail", {"mbps": fast[0].mbps, "specified": specified, "name": object.get(part, "name", "part")}),
		array.concat([r.pointer | some r in fast], ["/catalogue/accelerator/fastest_line_mbps"]),
	),
	concat(",", sort({object.get(rom.roms[r.rom], "sha256", "") | some r in fast})),
) if {
	count(fast) > 0
} else := rom.none if {
	rom.none
} else := verdict.not_applicable(verdict.msg("memory_overclocked.not_applicable", {}), ["/catalogue"]) if {
	input.catalogue
	not specified
} else := verdict.pass(
	verdict.msg("memory_overclocked.pass", {"mbps": max({r.mbps | some r in rates}), "specified": specified, "name": object.get(part, "name", "part"), "beyond": beyond}),
	[r.pointer | some r in rates],
) if {
	rom.read
	count(rates) > 0
} else := verdict.not_applicable(verdict.msg("memory_overclocked.not_applicable_2", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rates) == 0
} else := lib.device_lacks(verdict.msg("memory_overclocked.lacks", {}), ["/firmware/roms"])
