# METADATA
# title: Card is another product than was offered
# description: |
#   The seller's words (--sold-as, or sold_as in the purchase record) name a product,
#   and the ids of the card, its board or its driver name another one. The finding
#   speaks of the offer, and says nothing against the card. Words that name several
#   products, or none that is known, are not guessed at.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-070
#   severity: high
#   scope: device
#   question: work
#   means: bad
#   remediation: >-
#     Show the seller this report, and give the card back. Where the machine has several cards, name the one that was bought with --device.
package gpuaudit.rules.provenance.offer_name

import data.gpuaudit.offer
import data.gpuaudit.verdict

part := object.get(input, ["reference", "offer", "name"], {})

evidence := ["/reference/offer/name", "/device/pci/device_id"]

decision := verdict.fail(verdict.msg("offer_name.fail", {"claim": offer.claim(part), "reason": offer.reason(part)}), evidence) if {
	part.state == "mismatch"
} else := verdict.pass(verdict.msg("offer_name.pass", {"claim": offer.claim(part), "reason": offer.reason(part)}), evidence) if {
	part.state == "match"
} else := offer.aside(part) if {
	offer.aside(part)
} else := verdict.unknown(verdict.msg("offer_name.unknown", {"reason": offer.reason(part)}), ["/reference/offer/name"]) if {
	part.state == "unknown"
} else := verdict.unknown(verdict.msg("offer.not_compared", {}), ["/reference/offer"])
