# METADATA
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/pc-client-specific-platform-firmware-profile-specification/
# custom:
#   id: GA-BD-052
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.boot_driver_unmeasured

import data.gpuaudit.attestation
import data.gpuaudit.verdict

unmeasured := attestation.judged({"present-never-measured"})

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(
	verdict.msg("boot_driver_unmeasured.fail", {"drivers": count(unmeasured)}),
	attestation.pointers(unmeasured),
) if {
	count(unmeasured) > 0
} else := verdict.pass(verdict.msg("boot_driver_unmeasured.pass", {}), attestation.pointers(attestation.drivers)) if {
	attestation.proven
	attestation.all_drivers
	count(attestation.drivers) > 0
} else := attestation.none_measured if {
	attestation.none_measured
	attestation.certain
} else := verdict.unknown(
	verdict.msg("boot_driver_unmeasured.unknown", {}),
	["/device/firmware/roms"],
) if {
	attestation.none_measured
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_driver_unmeasured.what", {})), ["/attestation"])
