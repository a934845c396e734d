# METADATA
# title: The attestation shows nobody how fresh it is
# description: |
#   The nonce that the TPM signed was not given to this audit by a verifier; it
#   was taken from the evidence. The quote may be an old one that was kept. It is
#   of informational severity because whoever scans the machine that he sits at
#   saw it made.
# related_resources:
# - ref: https://www.rfc-editor.org/rfc/rfc9334
# custom:
#   id: GA-PR-052
#   severity: info
#   scope: host
#   question: harm
#   remediation: >-
#     Make a random nonce of 32 bytes where the verdict is needed, gather with it
#     (--nonce), and judge with the same.
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
