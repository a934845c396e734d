# METADATA
# related_resources:
# - ref: https://www.rfc-editor.org/rfc/rfc9334.html
# custom:
#   id: GA-PR-029
#   severity: low
#   scope: host
package gpuaudit.rules.provenance.evidence_age

import data.gpuaudit.verdict

stale := 30

evidence := input.evidence

words := verdict.msg("evidence_age.read", {"day": evidence.collected_on, "days": evidence.age_days})

decision := verdict.fail(verdict.msg("evidence_age.fail", {"read": words, "stale": stale}), ["/evidence"]) if {
	evidence.age_days > stale
} else := verdict.pass(verdict.msg("evidence_age.pass", {"read": words}), ["/evidence"]) if {
	evidence.age_days >= 0
	words
} else := verdict.unknown(verdict.msg("evidence_age.unknown", {}), ["/evidence"])
