# METADATA
# title: Another card sits in this place
# description: |
#   A signed manifest of a key that you trust states which card sits at this PCI
#   address of machines of this model. Another one is there: it was exchanged, moved,
#   or its ids were changed, which takes a card out of the reach of every other
#   statement about it. An added drive or a firmware update can move addresses.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-074
#   severity: high
#   scope: device
#   question: identity
#   remediation: >-
#     Look into the machine. If cards were exchanged or moved on purpose, renew the
#     baseline. If not, treat it as another machine than the one you trusted.
package gpuaudit.rules.backdoor.place_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("place", verdict.msg("place_mismatch.what", {}), ["/device/pci/device_id"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("place_mismatch.unknown", {}), ["/reference/place"])
