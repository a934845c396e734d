# METADATA
# related_resources:
# - ref: https://pci-ids.ucw.cz/
# custom:
#   id: GA-PR-016
#   severity: low
#   scope: host
package gpuaudit.rules.provenance.reference_data_age

import data.gpuaudit.verdict

longest := 365

sets := {set.name: set | some set in input.data_sets; set.name in {"catalogue", "pci-ids"}}

wanted := {"catalogue", "pci-ids"}

old := sort([verdict.msg("reference_data_age.set", {"set": set.name, "day": set.date}) | some set in sets; set.age_days > longest])

early := sort([verdict.msg("reference_data_age.set", {"set": set.name, "day": set.date}) | some set in sets; set.age_days < 0])

decision := verdict.fail(
	verdict.msg("reference_data_age.fail", {"days": longest, "sets": old}),
	["/data_sets"],
) if {
	count(old) > 0
} else := verdict.unknown(
	verdict.msg("reference_data_age.unknown", {"sets": early}),
	["/now"],
) if {
	count(early) > 0
} else := verdict.pass(verdict.msg("reference_data_age.pass", {}), ["/data_sets"]) if {
	count(sets) == count(wanted)
} else := verdict.unknown(verdict.msg("reference_data_age.unknown_2", {}), ["/data_sets"])
