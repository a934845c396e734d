# METADATA
# title: Run-time firmware differs from its signed reference
# description: |
#   A signed manifest of a key that you trust names digests of the firmware files
#   that the driver gives the device. A file of that name on this machine has
#   another digest. It was modified, or it is a version that the manifest does
#   not know.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-035
#   severity: high
#   scope: device
#   question: code
#   remediation: >-
#     Reinstall the firmware package from its vendor and scan again. If you have
#     updated the package, sign a manifest of the new files.
package gpuaudit.rules.backdoor.runtime_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("runtime", verdict.msg("runtime_mismatch.what", {}), ["/device/firmware/runtime"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("runtime_mismatch.unknown", {}), ["/reference/runtime"])
