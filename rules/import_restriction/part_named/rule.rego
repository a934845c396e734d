# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# custom:
#   id: GA-IR-022
#   severity: info
#   scope: device
#   question: law
#   means: note
package gpuaudit.rules.import_restriction.part_named

import data.gpuaudit.data.restrictions
import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

part := restriction.part

name := object.get(input, ["catalogue", "accelerator", "name"], part)

evidence := ["/device/pci/device_id"]

# named are the entries in force that name the part.
named := sort([id |
	some id, law in restrictions.rules
	part in law.parts
	restriction.in_force(id)
])

decision := restriction.unasked if {
	restriction.unasked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("part_named.fail", {"name": name, "laws": [restriction.short(id) | some id in named]}),
		evidence,
	),
	concat(",", named),
) if {
	count(named) > 0
} else := verdict.pass(verdict.msg("part_named.pass", {"name": name, "date": restrictions.date}), evidence) if {
	part
} else := lib.device_lacks(verdict.msg("part_named.lacks", {}), ["/pci/vendor_id", "/pci/device_id"])
