# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-746
# - ref: https://eur-lex.europa.eu/eli/reg/2025/1494
# custom:
#   id: GA-IR-025
#   severity: high
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.embargo

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.verdict

# regions are places of which a part is under an embargo: the code of the country does
# not tell.
regions := {"us-ear-746-6-occupied-ukraine"}

evidence := ["/question/jurisdiction"]

# against are those that name the place.
against := sort([id |
	some id, law in restrictions.rules
	"GA-IR-025" in law.judged_by
	input.question.jurisdiction in law.places
])

# laws are those of them in force, waiting those that nobody has verified since their state
# was to change.
laws := [id | some id in against; restriction.in_force(id)]

waiting := [restriction.waiting(id) | some id in against]

cited := array.concat([restriction.cite(id) | some id in laws], waiting)

whole if {
	some id in laws
	not id in regions
}

outside := restriction.aside({"*"}, {"*"})

decision := outside if {
	outside
} else := verdict.fail(
	verdict.msg("embargo.fail", {"place": input.question.jurisdiction, "laws": cited}),
	evidence,
) if {
	whole
	input.question.profile == "exporter"
} else := verdict.unknown(
	verdict.msg("embargo.inside", {"place": input.question.jurisdiction, "laws": cited}),
	["/question"],
) if {
	whole
} else := verdict.unknown(
	verdict.msg("embargo.region", {"place": input.question.jurisdiction, "laws": cited}),
	["/question/jurisdiction"],
) if {
	count(laws) > 0
	input.question.profile == "exporter"
} else := verdict.unknown(
	verdict.msg("embargo.waiting", {"place": input.question.jurisdiction, "laws": waiting}),
	["/now"],
) if {
	count(laws) == 0
	count(waiting) > 0
} else := verdict.pass(
	verdict.msg("embargo.pass", {"place": input.question.jurisdiction, "date": restrictions.date, "disclaimer": restriction.disclaimer}),
	evidence,
) if {
	input.question.jurisdiction
} else := verdict.unknown(verdict.msg("embargo.unknown", {}), evidence)
