# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# custom:
#   id: GA-IR-021
#   severity: info
#   scope: device
#   question: law
#   means: note
package gpuaudit.rules.import_restriction.maker_named

import data.gpuaudit.data.restrictions
import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

# named are the entries in force that name the maker.
named := [id |
	some id in maker.named_by
	restriction.in_force(id)
]

decision := restriction.unasked if {
	restriction.unasked
} else := verdict.not_applicable(
	verdict.msg("maker_named.other_product", {"name": maker.name}),
	evidence,
) if {
	maker
	not restriction.accelerator
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("maker_named.fail", {"name": maker.name, "laws": [restriction.short(id) | some id in named]}),
		evidence,
	),
	concat(",", named),
) if {
	count(named) > 0
} else := verdict.pass(
	verdict.msg("maker_named.pass", {"name": maker.name, "editions": [restrictions.lists[l].date | some l in maker.no_record_in]}),
	evidence,
) if {
	maker
} else := lib.device_lacks(verdict.msg("maker_named.lacks", {}), ["/pci/vendor_id"])
