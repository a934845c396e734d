# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-774
# - ref: https://hts.usitc.gov/
# custom:
#   id: GA-IR-023
#   severity: info
#   scope: device
#   question: law
#   means: note
package gpuaudit.rules.import_restriction.part_above

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

name := threshold.part.name

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

# above are the limits that the part reaches, with the entry that sets each.
above contains "us-3a090a-tpp" if threshold.state_a == "yes"

above contains "us-3a090b-nac" if threshold.state_b == "yes"

above contains "us-232-semis-phase1" if threshold.dutiable

counting := [id | some id in above; restriction.in_force(id)]

limits := {
	"us-3a090a-tpp": verdict.msg("part_above.a", {}),
	"us-3a090b-nac": verdict.msg("part_above.b", {}),
	"us-232-semis-phase1": verdict.msg("part_above.duty", {}),
}

decision := restriction.unasked if {
	restriction.unasked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("part_above.fail", {"name": name, "limits": [limits[id] | some id in counting], "arithmetic": threshold.arithmetic, "bandwidth": threshold.bandwidth, "laws": [restriction.short(id) | some id in counting]}),
		evidence,
	),
	concat(",", counting),
) if {
	count(counting) > 0
} else := verdict.pass(
	verdict.msg("part_above.pass", {"name": name, "arithmetic": threshold.arithmetic}),
	evidence,
) if {
	threshold.state_a != "unknown"
	threshold.state_b != "unknown"
} else := verdict.unknown(verdict.msg("part_above.unknown", {}), sort(threshold.lacking))
