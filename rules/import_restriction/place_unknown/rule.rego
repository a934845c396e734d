# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-734
# custom:
#   id: GA-IR-029
#   severity: info
#   scope: device
#   question: law
#   means: unknown
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
} else := verdict.fail(
	verdict.msg("place_unknown.fail_2", {"place": here, "elsewhere": sort(place.elsewhere), "date": restrictions.date, "disclaimer": restriction.disclaimer}),
	evidence,
) if {
	here
	count(place.known - {"export-control"}) == 0
	not place.own
} else := verdict.pass(verdict.msg("place_unknown.pass_2", {"place": here, "date": restrictions.date}), evidence) if {
	here
	count(place.kinds - place.known) == 0
} else := verdict.pass(
	verdict.msg("place_unknown.pass", {"place": here, "known": sort(place.known), "others": sort(place.kinds - place.known), "date": restrictions.date}),
	evidence,
) if {
	here
} else := verdict.unknown(verdict.msg("place_unknown.unknown", {}), evidence)
