# METADATA
# title: Firmware differs from its signed reference
# description: |
#   A signed manifest of a key that you trust covers this device and names
#   digests of its firmware. The firmware that was read has other digests. This
#   shows that the firmware was modified or replaced; it does not show by whom,
#   nor that it does harm.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-001
#   severity: critical
#   scope: device
#   question: code
#   identity: modified
#   proves: reference
#   remediation: >-
#     Take the device out of use. Read its firmware again with --read-rom on a
#     machine that you trust. If it still differs, flash the vendor's image of
#     the version that the manifest names, or return the device.
package gpuaudit.rules.backdoor.firmware_mismatch

import data.gpuaudit.lib
import data.gpuaudit.verdict

compared := lib.reference_verdict("firmware", verdict.msg("firmware_mismatch.what", {}), ["/device/firmware/roms"])

decision := compared if {
	compared
} else := verdict.unknown(verdict.msg("firmware_mismatch.unknown", {}), ["/reference/firmware"])
