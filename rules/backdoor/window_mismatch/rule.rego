# METADATA
# title: Memory windows differ from the signed reference
# description: |
#   A signed manifest of a key that you trust states the memory windows of this
#   card. It has others now. The setting "Resizable BAR" of the machine changes
#   them honestly; so do other firmware on the card, and more memory.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-073
#   severity: high
#   scope: device
#   question: identity
#   remediation: >-
#     See whether the machine's firmware was updated, or its setting for resizable
#     windows changed. If so, renew the baseline. If not, keep the card out of use
#     until the change is explained.
package gpuaudit.rules.backdoor.window_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("windows", verdict.msg("window_mismatch.what", {}), ["/device/pci/bars"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("window_mismatch.unknown", {}), ["/reference/windows"])
