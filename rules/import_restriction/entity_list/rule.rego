# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# custom:
#   id: GA-IR-001
#   severity: high
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.entity_list

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

profiles := restriction.organisations

# An exporter is bound by the list wherever the device is used.
places := {"*"} if input.question.profile == "exporter"

places := {"US"} if not input.question.profile == "exporter"

outside := restriction.aside(places, profiles)

decision := outside if {
	outside
} else := verdict.unknown(
	verdict.msg("entity_list.unknown", {"name": maker.name}),
	["/catalogue/accelerator"],
) if {
	not restriction.accelerator
} else := verdict.keyed(
	restriction.fails(
		profiles,
		verdict.msg("entity_list.fail", {"name": maker.name, "laws": [restriction.cite(id) | some id in restriction.entity_list]}),
		evidence,
	),
	concat(",", restriction.entity_list),
) if {
	count(restriction.entity_list) > 0
} else := verdict.pass(
	verdict.msg("entity_list.pass", {"name": maker.name, "country": maker.hq_country, "date": restriction.csl.date, "disclaimer": restriction.disclaimer}),
	evidence,
) if {
	restriction.searched(restriction.csl.id)
	not restriction.watched
} else := verdict.unknown(
	verdict.msg("entity_list.unknown_2", {"name": maker.name, "date": restriction.csl.date, "disclaimer": restriction.disclaimer}),
	["/device/pci/vendor_id"],
) if {
	maker
} else := lib.device_lacks(verdict.msg("entity_list.lacks", {}), ["/pci/vendor_id"])
