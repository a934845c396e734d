# METADATA
# title: Driver module differs from its signed reference
# description: |
#   A signed manifest of a key that you trust names digests of the driver's
#   module. The file on this machine has another digest. It was modified, or it
#   is a build that the manifest does not know.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-002
#   severity: high
#   scope: device
#   question: code
#   remediation: >-
#     Reinstall the driver from its vendor's package and scan again. If you build
#     the module yourself, sign a manifest of your own builds.
package gpuaudit.rules.backdoor.driver_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("driver", verdict.msg("driver_mismatch.what", {}), ["/device/driver/module/file"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("driver_mismatch.unknown", {}), ["/reference/driver"])
