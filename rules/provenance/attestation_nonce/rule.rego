# METADATA
# related_resources:
# - ref: https://www.rfc-editor.org/rfc/rfc9334
# custom:
#   id: GA-PR-052
#   severity: info
#   scope: host
#   question: harm
package gpuaudit.rules.provenance.attestation_nonce

import data.gpuaudit.attestation
import data.gpuaudit.verdict

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(verdict.msg("attestation_nonce.fail", {}), ["/attestation/nonce_from"]) if {
	input.attestation.nonce_from == "evidence"
} else := verdict.pass(verdict.msg("attestation_nonce.pass", {}), ["/attestation/nonce_from"]) if {
	attestation.proven
	input.attestation.nonce_from == "verifier"
} else := verdict.unknown(attestation.lacking(verdict.msg("attestation_nonce.what", {})), ["/attestation"])
