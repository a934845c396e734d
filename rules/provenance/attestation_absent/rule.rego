# METADATA
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/tpm-library-specification/
# custom:
#   id: GA-PR-050
#   severity: low
#   scope: host
#   question: harm
package gpuaudit.rules.provenance.attestation_absent

import data.gpuaudit.attestation
import data.gpuaudit.verdict

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(
	verdict.msg("attestation_absent.fail", {"reason": attestation.reason}),
	["/attestation/state"],
) if {
	input.attestation.state == "absent"
} else := verdict.pass(verdict.msg("attestation_absent.pass", {}), ["/attestation/state"]) if {
	input.attestation.state in {"verified", "unproven", "failed"}
} else := verdict.unknown(attestation.lacking(verdict.msg("attestation_absent.what", {})), ["/attestation"])
