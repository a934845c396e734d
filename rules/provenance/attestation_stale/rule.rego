# METADATA
# related_resources:
# - ref: https://www.rfc-editor.org/rfc/rfc9334
# custom:
#   id: GA-PR-053
#   severity: high
#   scope: host
#   question: harm
package gpuaudit.rules.provenance.attestation_stale

import data.gpuaudit.attestation
import data.gpuaudit.verdict

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(verdict.msg("attestation_stale.fail", {}), ["/attestation/same_boot"]) if {
	input.attestation.same_boot == "no"
} else := verdict.fail(verdict.msg("attestation_stale.fail_2", {"days": input.attestation.age_days}), ["/attestation/age_days"]) if {
	input.attestation.state != "absent"
	input.attestation.age_days > 30
} else := verdict.fail(verdict.msg("attestation_stale.fail_3", {}), ["/attestation/age_days"]) if {
	input.attestation.state != "absent"
	input.attestation.age_days < 0
} else := verdict.pass(verdict.msg("attestation_stale.pass", {}), ["/attestation/same_boot", "/attestation/covers"]) if {
	attestation.proven
	input.attestation.same_boot == "yes"
	input.attestation.covers == "facts"
	input.attestation.age_days <= 30
} else := verdict.unknown(verdict.msg("attestation_stale.unknown", {}), ["/attestation/covers"]) if {
	attestation.proven
	input.attestation.covers == "nothing"
} else := verdict.unknown(attestation.lacking(verdict.msg("attestation_stale.what", {})), ["/attestation"])
