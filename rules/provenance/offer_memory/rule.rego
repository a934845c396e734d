# METADATA
# title: Card has another memory size than was offered
# description: |
#   The seller's words name a memory size, and the driver states another one for this
#   card. That a size is as offered does not make it the factory's: the rules on
#   memory sizes say that.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-071
#   severity: high
#   scope: device
#   question: work
#   means: bad
#   remediation: >-
#     Show the seller this report, and give the card back, or pay for what it is.
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
