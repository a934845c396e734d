# METADATA
# title: Import into the US may be refused for forced labour
# description: |
#   The Uyghur Forced Labor Prevention Act presumes that goods made in Xinjiang, or
#   with input from there or from listed companies, may not enter the United States,
#   wherever they were put together. Nothing of this can be read from a device.
#   Asked is the country of origin; for Chinese goods a human has to look at the
#   supply chain. Input from Xinjiang in goods of another origin is not seen.
# related_resources:
# - ref: https://www.govinfo.gov/content/pkg/PLAW-117publ78/html/PLAW-117publ78.htm
# custom:
#   id: GA-IR-016
#   severity: low
#   scope: device
#   question: law
#   remediation: >-
#     Ask the seller for tracing of the supply chain, and look maker and suppliers
#     up in the UFLPA Entity List of the Department of Homeland Security.
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
