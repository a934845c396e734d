# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-019
#   severity: medium
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: sign
package gpuaudit.rules.provenance.built_before_launch

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

launch := input.catalogue.accelerator.launch_date

# earliest is the day from which on firmware for the part is plausible, a text
# that sorts as time does. Of a launch that is known by its year only, the first
# day counts.
earliest := concat("", [format_int(to_number(substring(launch, 0, 4)) - 2, 10), substring(concat("", [launch, "-01-01"]), 4, 6)])

dated := [[i, r.build_date] | some i, r in rom.roms; r.build_date]

older := [x | some x in dated; x[1] < earliest]

evidence(list) := array.concat(
	[sprintf("/device/firmware/roms/%d/build_date", [x[0]]) | some x in list],
	["/catalogue/accelerator/launch_date"],
)

decision := verdict.fail(
	verdict.msg("built_before_launch.fail", {"built": older[0][1], "name": object.get(input.catalogue.accelerator, "name", "part"), "launch": launch}),
	evidence(older),
) if {
	count(older) > 0
} else := verdict.pass(verdict.msg("built_before_launch.pass", {"built": dated[0][1], "launch": launch}), evidence(dated)) if {
	earliest
	count(dated) > 0
	count(dated) == count(rom.roms)
	rom.complete
} else := verdict.unknown(verdict.msg("built_before_launch.unknown", {}), ["/catalogue/accelerator/launch_date"]) if {
	count(dated) > 0
	not launch
} else := verdict.not_applicable(verdict.msg("built_before_launch.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.complete
	count(dated) == 0
} else := rom.none if {
	rom.none
} else := verdict.unknown(verdict.msg("built_before_launch.unknown_2", {}), undated) if {
	count(dated) > 0
	count(undated) > 0
} else := lib.device_lacks(verdict.msg("built_before_launch.lacks", {}), ["/firmware/roms"])

undated := [sprintf("/device/firmware/roms/%d/build_date", [i]) | some i, r in rom.roms; not r.build_date]
