# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-073
#   severity: low
#   scope: device
#   question: identity
#   means: bad
package gpuaudit.rules.provenance.offer_condition

import data.gpuaudit.offer
import data.gpuaudit.verdict

part := object.get(input, ["reference", "offer", "condition"], {})

evidence := ["/reference/offer/condition", "/device/health"]

decision := verdict.fail(verdict.msg("offer_condition.fail", {"claim": offer.claim(part), "reason": offer.reason(part)}), evidence) if {
	part.state == "mismatch"
} else := verdict.pass(verdict.msg("offer_condition.pass", {"claim": offer.claim(part), "reason": offer.reason(part)}), evidence) if {
	part.state == "match"
} else := offer.aside(part) if {
	offer.aside(part)
} else := verdict.unknown(verdict.msg("offer_condition.unknown", {"reason": offer.reason(part)}), ["/reference/offer/condition"]) if {
	part.state == "unknown"
} else := verdict.unknown(verdict.msg("offer.not_compared", {}), ["/reference/offer"])
