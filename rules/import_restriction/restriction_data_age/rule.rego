# METADATA
# title: Restriction data are old
# description: |
#   Law changes faster than silicon. The restriction data are more than half a year
#   old at the clock of this audit; beyond 540 days the other rules no longer answer
#   by them. Each finding states the day that its own entry speaks for.
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# custom:
#   id: GA-IR-013
#   severity: medium
#   scope: host
#   question: law
#   means: unknown
#   remediation: >-
#     Update gpuaudit, or its data with the db verbs, and have a lawyer check what
#     matters to you against the law of today.
package gpuaudit.rules.import_restriction.restriction_data_age

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.verdict

stale := 180

evidence := ["/now"]

decision := verdict.not_applicable(
	"Not asked: no restriction was looked up.",
	["/question"],
) if {
	input.question
	not restriction.asked
} else := verdict.unknown(
	sprintf("The restriction data speak for %s and are %d days old: too old to answer by.", [restrictions.date, restriction.age]),
	["/data_sets"],
) if {
	restriction.age > restriction.longest
} else := verdict.fail(
	sprintf("The restriction data speak for %s and are %d days old, more than %d.", [restrictions.date, restriction.age, stale]),
	evidence,
) if {
	restriction.age > stale
} else := verdict.pass(
	sprintf("The restriction data speak for %s and are %d days old.", [restrictions.date, restriction.age]),
	evidence,
) if {
	restriction.age >= 0
} else := verdict.unknown("The age of the restriction data cannot be told: the clock of the audit is before them, or not stated.", evidence)
