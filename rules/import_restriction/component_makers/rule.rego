# METADATA
# related_resources:
# - ref: https://www.insidegovernmentcontracts.com/2026/02/far-council-issues-notice-of-proposed-rulemaking-to-implement-prohibition-on-acquisition-of-certain-semiconductors
# custom:
#   id: GA-IR-014
#   severity: medium
#   scope: device
#   question: law
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
