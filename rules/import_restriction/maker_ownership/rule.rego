# METADATA
# related_resources:
# - ref: https://thefederalregister.org/documents/2025-19001/expansion-of-end-user-controls-to-cover-affiliates-of-certain-listed-entities
# custom:
#   id: GA-IR-015
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.maker_ownership

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-affiliates-50"

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

profiles := restriction.organisations

places := {"*"} if input.question.profile == "exporter"

places := {"US"} if not input.question.profile == "exporter"

outside := restriction.aside(places, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := verdict.not_applicable(
	verdict.msg("maker_ownership.not_applicable", {"name": maker.name}),
	evidence,
) if {
	count(restriction.entity_list) > 0
} else := verdict.pass(
	verdict.msg("maker_ownership.pass", {"name": maker.name, "country": maker.hq_country, "law": restriction.cite(law)}),
	evidence,
) if {
	restriction.searched(restriction.csl.id)
	not restriction.watched
} else := dormant if {
	maker
	dormant
} else := verdict.unknown(
	verdict.msg("maker_ownership.unknown", {"name": maker.name, "law": restriction.cite(law)}),
	evidence,
) if {
	maker
} else := lib.device_lacks(verdict.msg("maker_ownership.lacks", {}), ["/pci/vendor_id"])
