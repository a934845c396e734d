# METADATA
# title: The boot event log contradicts the TPM or itself
# description: |
#   The log of what firmware measured does not parse, does not add up to the PCR
#   values that the TPM quoted, or contradicts itself: a separator that is there
#   twice or under another type, data that does not hash to its digest. Somebody
#   removed, added, reordered or rewrote events, or extended a PCR behind the
#   log's back.
# related_resources:
# - ref: https://github.com/google/go-attestation/blob/master/docs/event-log-disclosure.md
# custom:
#   id: GA-BD-053
#   severity: high
#   scope: host
#   question: harm
#   remediation: >-
#     Do not rely on what this system says of itself. Start it from known media,
#     gather the evidence again, and compare the logs event by event.
package gpuaudit.rules.backdoor.boot_log_broken

import data.gpuaudit.attestation
import data.gpuaudit.verdict

broken := attestation.failed_checks("log-")

good := {c.name | some c in input.attestation.checks; c.status == "pass"}

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(verdict.msg("boot_log_broken.fail", {"checks": attestation.said(broken)}), attestation.pointers(broken)) if {
	count(broken) > 0
} else := verdict.pass(verdict.msg("boot_log_broken.pass", {}), ["/attestation/checks"]) if {
	attestation.proven
	count({"log-form", "log-replay", "log-consistent"} - good) == 0
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_log_broken.what", {})), ["/attestation"])
