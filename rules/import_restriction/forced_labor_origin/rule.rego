# METADATA
# related_resources:
# - ref: https://www.govinfo.gov/content/pkg/PLAW-117publ78/html/PLAW-117publ78.htm
# custom:
#   id: GA-IR-016
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.forced_labor_origin

import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-uflpa"

evidence := ["/question/origin"]

outside := restriction.aside({"US"}, {"*"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.pass(
	verdict.msg("forced_labor_origin.pass", {"origin": input.question.origin, "law": restriction.cite(law)}),
	evidence,
) if {
	input.question.origin != "CN"
} else := verdict.unknown(
	verdict.msg("forced_labor_origin.unknown", {"law": restriction.cite(law)}),
	evidence,
) if {
	input.question.origin == "CN"
} else := verdict.unknown(verdict.msg("forced_labor_origin.unknown_2", {}), evidence)
