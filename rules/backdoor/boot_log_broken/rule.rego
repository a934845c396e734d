# METADATA
# related_resources:
# - ref: https://github.com/google/go-attestation/blob/master/docs/event-log-disclosure.md
# custom:
#   id: GA-BD-053
#   severity: high
#   scope: host
#   question: harm
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
