# METADATA
# title: Memory size differs from the signed reference
# description: |
#   A signed manifest of a key that you trust states how much memory this card has.
#   Its driver says another size now. Chips or firmware were changed, or it is
#   another card. Switching ECC on or off is no difference.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-072
#   severity: high
#   scope: device
#   question: identity
#   remediation: >-
#     Find out who opened the machine or flashed the card since the manifest was
#     signed. If the change was yours, look at the card anew and renew the baseline.
package gpuaudit.rules.backdoor.memory_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("memory", verdict.msg("memory_mismatch.what", {}), ["/device/memory"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("memory_mismatch.unknown", {}), ["/reference/memory"])
