# METADATA
# title: No rule of the place is known to these data
# description: |
#   The data know the law of few places. Where they have no entry for the place of use,
#   that no rule was found says nothing of its law: not that there is none. Laws of other
#   countries are looked at all the same, where they bind everybody.
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-734
# custom:
#   id: GA-IR-029
#   severity: info
#   scope: device
#   question: law
#   means: unknown
#   remediation: >-
#     Ask somebody who knows the law of the place, or bring data that have it
#     (gpuaudit channel update).
package gpuaudit.rules.import_restriction.place_unknown

import data.gpuaudit.data.restrictions
import data.gpuaudit.place
import data.gpuaudit.restriction
import data.gpuaudit.verdict

evidence := ["/question/jurisdiction"]

here := input.question.jurisdiction

outside := restriction.aside({"*"}, {"*"})

decision := outside if {
	outside
} else := verdict.fail(
	verdict.msg("place_unknown.fail", {"place": here, "date": restrictions.date, "disclaimer": restriction.disclaimer}),
	evidence,
) if {
	here
	count(place.known) == 0
} else := verdict.pass(
	verdict.msg("place_unknown.pass", {"place": here, "known": sort(place.known), "others": sort(place.kinds - place.known), "date": restrictions.date}),
	evidence,
) if {
	here
} else := verdict.unknown(verdict.msg("place_unknown.unknown", {}), evidence)
