# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-003
#   severity: high
#   scope: device
#   question: identity
package gpuaudit.rules.backdoor.functions_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("functions", verdict.msg("functions_mismatch.what", {}), ["/device/functions"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("functions_mismatch.unknown", {}), ["/reference/functions"])
