# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-071
#   severity: high
#   scope: device
#   question: identity
#   means: bad
package gpuaudit.rules.provenance.offer_memory

import data.gpuaudit.offer
import data.gpuaudit.verdict

part := object.get(input, ["reference", "offer", "memory"], {})

evidence := ["/reference/offer/memory", "/device/memory"]

decision := verdict.fail(verdict.msg("offer_memory.fail", {"claim": offer.claim(part), "reason": offer.reason(part)}), evidence) if {
	part.state == "mismatch"
} else := verdict.pass(verdict.msg("offer_memory.pass", {"claim": offer.claim(part), "reason": offer.reason(part)}), evidence) if {
	part.state == "match"
} else := offer.aside(part) if {
	offer.aside(part)
} else := verdict.unknown(verdict.msg("offer_memory.unknown", {"reason": offer.reason(part)}), ["/reference/offer/memory"]) if {
	part.state == "unknown"
} else := verdict.unknown(verdict.msg("offer.not_compared", {}), ["/reference/offer"])
