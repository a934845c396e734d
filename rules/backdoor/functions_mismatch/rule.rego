# METADATA
# title: PCI functions differ from the signed reference
# description: |
#   A signed manifest of a key that you trust lists the PCI functions that this
#   card has. The card shows others. An additional function can be an additional
#   chip on the board.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-003
#   severity: high
#   scope: device
#   question: identity
#   remediation: >-
#     Compare the board with the vendor's pictures, and the list of functions
#     with the manifest. Keep the card out of use until each additional function
#     is explained.
package gpuaudit.rules.backdoor.functions_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("functions", verdict.msg("functions_mismatch.what", {}), ["/device/functions"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("functions_mismatch.unknown", {}), ["/reference/functions"])
