# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# custom:
#   id: GA-IR-013
#   severity: medium
#   scope: host
#   question: law
#   means: unknown
package gpuaudit.rules.import_restriction.restriction_data_age

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.verdict

stale := 240

evidence := ["/now"]

decision := verdict.not_applicable(
	verdict.msg("restriction_data_age.not_applicable", {}),
	["/question"],
) if {
	input.question
	not restriction.asked
} else := verdict.unknown(
	verdict.msg("restriction_data_age.unknown", {"date": restrictions.date, "age": restriction.age}),
	["/data_sets"],
) if {
	restriction.age > restriction.longest
} else := verdict.fail(
	verdict.msg("restriction_data_age.fail", {"date": restrictions.date, "age": restriction.age, "stale": stale}),
	evidence,
) if {
	restriction.age > stale
} else := verdict.pass(
	verdict.msg("restriction_data_age.pass", {"date": restrictions.date, "age": restriction.age}),
	evidence,
) if {
	restriction.age >= 0
} else := verdict.unknown(verdict.msg("restriction_data_age.unknown_2", {}), evidence)
