# METADATA
# title: The attestation does not verify
# description: |
#   A check of the TPM's evidence failed: the quote is of another nonce, another
#   TPM or other PCRs, the key may sign what it is given, the certificate does
#   not belong to the key, or the log does not add up. Where no check failed but
#   some could not be made, it is not known what the evidence is worth.
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/tpm-library-specification/
# custom:
#   id: GA-PR-051
#   severity: high
#   scope: host
#   question: harm
#   remediation: >-
#     Read the code of the check in the report, and docs/attest-tpm.md on what it
#     needs. A verifier gives out a fresh nonce, brings the vendor's certificates
#     with --ek-chain and the machine's enrolment with --enrolled.
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
