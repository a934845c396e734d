# METADATA
# related_resources:
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/nouveau/nvkm/subdev/bios/power_budget.c
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/pm/powerplay/hwmgr/vega10_pptable.h
# custom:
#   id: GA-PR-084
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   proves: sign
package gpuaudit.rules.provenance.power_limit

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# percent is how much of what the card is specified for a ROM may allow: of a card, what a
# user may set (the most that a maker of a board allows in the public dumps is 180); of a
# chip, which is a part of the card, what counts unless somebody sets it (119).
percent := {"card": 200, "chip": 150}

part := object.get(input.catalogue, "accelerator", {})

specified := part.board_power_w

limits := [{"pointer": sprintf("/device/firmware/roms/%d/power", [i]), "rom": i, "of": r.power.of, "watts": watts(r.power)} |
	some i, r in rom.roms
	percent[r.power.of]
]

watts(power) := power.max_mw / 1000 if {
	power.of == "card"
} else := power.default_mw / 1000

high := [l |
	some l in limits
	l.watts * 100 > specified * percent[l.of]
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("power_limit.fail", {"watts": high[0].watts, "specified": specified, "name": object.get(part, "name", "part")}),
		array.concat([l.pointer | some l in high], ["/catalogue/accelerator/board_power_w"]),
	),
	concat(",", sort({object.get(rom.roms[l.rom], "sha256", "") | some l in high})),
) if {
	count(high) > 0
} else := rom.none if {
	rom.none
} else := verdict.not_applicable(verdict.msg("power_limit.not_applicable", {}), ["/catalogue"]) if {
	input.catalogue
	not specified
} else := verdict.pass(
	verdict.msg("power_limit.pass", {"watts": max({l.watts | some l in limits}), "specified": specified, "name": object.get(part, "name", "part")}),
	[l.pointer | some l in limits],
) if {
	rom.read
	count(limits) > 0
} else := verdict.not_applicable(verdict.msg("power_limit.not_applicable_2", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(limits) == 0
} else := lib.device_lacks(verdict.msg("power_limit.lacks", {}), ["/firmware/roms"])
