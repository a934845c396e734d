# METADATA
# title: Maker may be owned by a listed company
# description: |
#   Under the Affiliates Rule of the US Bureau of Industry and Security, a company of
#   which half or more belongs to listed parties is itself under the restrictions of
#   the Entity List. The rule was suspended through 2026-11-09 and revives by its own
#   text. Whether that was extended nobody has verified, and so nobody is told that it is
#   in force, or that it is not. Who owns a maker is not in the data either.
# related_resources:
# - ref: https://thefederalregister.org/documents/2025-19001/expansion-of-end-user-controls-to-cover-affiliates-of-certain-listed-entities
# custom:
#   id: GA-IR-015
#   severity: low
#   scope: device
#   question: law
#   remediation: >-
#     Have your export control office look up the owners of maker and seller, and
#     whether the rule is in force today.
package gpuaudit.rules.import_restriction.maker_ownership

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-affiliates-50"

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

profiles := {"company", "federal-contractor", "critical-infrastructure", "exporter"}

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
