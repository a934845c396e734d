# METADATA
# title: Chips or memory of makers that US agencies may not buy
# description: |
#   From 2027-12-23, section 5949 of the National Defense Authorization Act for 2023
#   keeps federal agencies from buying products that contain semiconductors of SMIC,
#   CXMT or YMTC, and products for critical systems that use them. Who made the
#   dies and the memory on a card cannot be read from the bus: the purchase record
#   has to name them. A final procurement rule was not found.
# related_resources:
# - ref: https://www.insidegovernmentcontracts.com/2026/02/far-council-issues-notice-of-proposed-rulemaking-to-implement-prohibition-on-acquisition-of-certain-semiconductors
# custom:
#   id: GA-IR-014
#   severity: medium
#   scope: device
#   question: law
#   remediation: >-
#     Ask the seller for a statement of the makers of the chips and of the memory,
#     and enter them in the purchase record (component_makers).
package gpuaudit.rules.import_restriction.component_makers

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-ndaa-5949"

banned := restrictions.rules[law].matches.component_manufacturers

makers := input.question.purchase.component_makers

found := {maker |
	some maker in makers
	some name in banned
	contains(lower(maker), lower(name))
}

evidence := ["/question/purchase/component_makers"]

outside := restriction.aside({"US"}, {"federal-contractor"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.fail(
	verdict.msg("component_makers.fail", {"makers": sort(found), "law": restriction.cite(law)}),
	evidence,
) if {
	count(found) > 0
} else := verdict.pass(
	verdict.msg("component_makers.pass", {"makers": makers, "law": restriction.cite(law)}),
	evidence,
) if {
	count(makers) > 0
} else := verdict.unknown(
	verdict.msg("component_makers.unknown", {"law": restriction.cite(law)}),
	evidence,
)
