# METADATA
# related_resources:
# - ref: https://www.rahmatlim.com/perspectives/articles/31040/mykh-implements-export-control-measures-on-advanced-ai-chips
# custom:
#   id: GA-IR-027
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.place_questions

import data.gpuaudit.place
import data.gpuaudit.restriction
import data.gpuaudit.verdict

# laws are what is cited of each.
laws := array.concat(
	[restriction.cite(id) | some id in place.raised("question")],
	[restriction.waiting(id) | some id in place.waiting],
)

outside := restriction.aside({"*"}, {"*"})

decision := outside if {
	outside
} else := verdict.unknown(
	verdict.msg("place_questions.found", {"laws": laws}),
	["/question"],
) if {
	count(laws) > 0
} else := verdict.pass(
	verdict.msg("place_questions.pass", {"place": input.question.jurisdiction, "disclaimer": restriction.disclaimer}),
	["/question/jurisdiction"],
) if {
	input.question.jurisdiction
} else := verdict.unknown(verdict.msg("place_questions.unknown", {}), ["/question/jurisdiction"])
