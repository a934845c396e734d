# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-002
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.driver_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("driver", verdict.msg("driver_mismatch.what", {}), ["/device/driver/module/file"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("driver_mismatch.unknown", {}), ["/reference/driver"])
