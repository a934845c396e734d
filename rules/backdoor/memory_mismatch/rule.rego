# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-072
#   severity: high
#   scope: device
#   question: identity
package gpuaudit.rules.backdoor.memory_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("memory", verdict.msg("memory_mismatch.what", {}), ["/device/memory"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("memory_mismatch.unknown", {}), ["/reference/memory"])
