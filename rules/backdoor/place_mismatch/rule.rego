# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-074
#   severity: high
#   scope: device
#   question: identity
package gpuaudit.rules.backdoor.place_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("place", verdict.msg("place_mismatch.what", {}), ["/device/pci/device_id"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("place_mismatch.unknown", {}), ["/reference/place"])
