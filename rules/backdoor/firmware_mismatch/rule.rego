# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-001
#   severity: critical
#   scope: device
#   question: code
#   identity: modified
#   proves: reference
package gpuaudit.rules.backdoor.firmware_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("firmware", verdict.msg("firmware_mismatch.what", {}), ["/device/firmware/roms"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("firmware_mismatch.unknown", {}), ["/reference/firmware"])
