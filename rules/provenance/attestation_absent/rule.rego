# METADATA
# title: The machine gave no attestation of its boot
# description: |
#   An attestation was asked for, and there is no evidence: the machine has no
#   TPM 2.0, it could not be read, or the capture brings none. Nothing vouches
#   for what firmware ran. It is of low severity because many machines have no
#   TPM; whoever requires one raises it.
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/tpm-library-specification/
# custom:
#   id: GA-PR-050
#   severity: low
#   scope: host
#   question: harm
#   remediation: >-
#     Switch the TPM on in the firmware's setup, scan with the rights to use it (root), or make the
#     capture with --attest tpm.
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
