# METADATA
# related_resources:
# - ref: https://bis.gov/node/6280
# custom:
#   id: GA-IR-028
#   severity: info
#   scope: device
#   question: law
#   means: note
package gpuaudit.rules.import_restriction.place_context

import data.gpuaudit.place
import data.gpuaudit.restriction
import data.gpuaudit.verdict

laws := place.raised("context")

outside := restriction.aside({"*"}, {"*"})

decision := outside if {
	outside
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("place_context.fail", {"laws": [restriction.cite(id) | some id in laws]}),
		["/question"],
	),
	concat(",", laws),
) if {
	count(laws) > 0
} else := verdict.pass(
	verdict.msg("place_context.pass", {"place": input.question.jurisdiction, "disclaimer": restriction.disclaimer}),
	["/question/jurisdiction"],
) if {
	input.question.jurisdiction
	input.question.profile
} else := verdict.unknown(verdict.msg("place_context.unknown", {}), ["/question/jurisdiction", "/question/profile"])
