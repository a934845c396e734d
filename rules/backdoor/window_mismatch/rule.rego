# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-073
#   severity: high
#   scope: device
#   question: identity
package gpuaudit.rules.backdoor.window_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("windows", verdict.msg("window_mismatch.what", {}), ["/device/pci/bars"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("window_mismatch.unknown", {}), ["/reference/windows"])
