# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-070
#   severity: high
#   scope: device
#   question: identity
#   means: bad
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
