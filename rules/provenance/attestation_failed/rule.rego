# METADATA
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/tpm-library-specification/
# custom:
#   id: GA-PR-051
#   severity: high
#   scope: host
#   question: harm
package gpuaudit.rules.provenance.attestation_failed

import data.gpuaudit.attestation
import data.gpuaudit.verdict

failed := attestation.failed_checks("")

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.keyed(
	verdict.fail(verdict.msg("attestation_failed.fail", {"reason": attestation.reason}), array.concat(["/attestation/state"], attestation.pointers(failed))),
	concat(",", [object.get(c.value, "code", "") | some c in failed]),
) if {
	input.attestation.state == "failed"
} else := verdict.pass(verdict.msg("attestation_failed.pass", {"reason": attestation.reason}), ["/attestation/state"]) if {
	attestation.proven
} else := verdict.unknown(attestation.lacking(verdict.msg("attestation_failed.what", {})), ["/attestation"])
