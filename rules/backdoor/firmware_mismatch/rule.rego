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
#   remediation: >-
#     Take the device out of use. Read its firmware again with --read-rom from a
#     machine that you trust. If it still differs, flash the vendor's image of
#     the version that the manifest names, or return the device.
package gpuaudit.rules.backdoor.firmware_mismatch

import data.gpuaudit.verdict

firmware := input.reference.firmware

decision := verdict.keyed(
	verdict.fail(
		sprintf("The firmware is not the one that the manifest names: %s", [firmware.reason]),
		["/reference/firmware"],
	),
	concat(",", sort([d.actual | some d in firmware.differences])),
) if {
	firmware.state == "mismatch"
} else := verdict.pass(
	sprintf("The firmware is the one that the manifest names: %s", [firmware.reason]),
	["/reference/firmware"],
) if {
	firmware.state == "match"
} else := verdict.not_applicable(
	"No manifest that you trust speaks of this device's firmware; see the provenance rules.",
	["/reference/firmware"],
) if {
	firmware.state == "not-covered"
} else := verdict.unknown(
	concat("", ["The firmware could not be held against its manifest. ", object.get(firmware, "reason", "")]),
	["/device/firmware/roms"],
) if {
	firmware.state == "unknown"
} else := verdict.unknown("The firmware was not compared with manifests.", ["/reference/firmware"])
