# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-035
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.runtime_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("runtime", verdict.msg("runtime_mismatch.what", {}), ["/device/firmware/runtime"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("runtime_mismatch.unknown", {}), ["/reference/runtime"])
