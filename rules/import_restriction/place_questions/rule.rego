# METADATA
# title: Law of the place that a human has to look at
# description: |
#   Laws of the place of use that may concern the card, and that no fact of a device
#   decides: permits for taking it out of the country, registration of machines, rules on
#   how it was made. Each is cited with what it means for the profile.
# related_resources:
# - ref: https://www.rahmatlim.com/perspectives/articles/31040/mykh-implements-export-control-measures-on-advanced-ai-chips
# custom:
#   id: GA-IR-027
#   severity: low
#   scope: device
#   question: law
#   remediation: >-
#     Look the cited law up, or ask somebody who knows it, before the act that it is about.
package gpuaudit.rules.import_restriction.place_questions

import data.gpuaudit.place
import data.gpuaudit.restriction
import data.gpuaudit.verdict

laws := place.raised("question")

outside := restriction.aside({"*"}, {"*"})

decision := outside if {
	outside
} else := verdict.unknown(
	verdict.msg("place_questions.found", {"laws": [restriction.cite(id) | some id in laws]}),
	["/question"],
) if {
	count(laws) > 0
} else := verdict.pass(
	verdict.msg("place_questions.pass", {"place": input.question.jurisdiction, "disclaimer": restriction.disclaimer}),
	["/question/jurisdiction"],
) if {
	input.question.jurisdiction
} else := verdict.unknown(verdict.msg("place_questions.unknown", {}), ["/question/jurisdiction"])
