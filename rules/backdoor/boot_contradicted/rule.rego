# METADATA
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/pc-client-specific-platform-firmware-profile-specification/
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-050
#   severity: critical
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.boot_contradicted

import data.gpuaudit.attestation
import data.gpuaudit.verdict

good := {"corroborated", "corroborated-other-form"}

contradicted := attestation.judged({"contradicted"})

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("boot_contradicted.fail", {"drivers": attestation.named(contradicted)}),
		attestation.pointers(contradicted),
	),
	concat(",", sort([object.get(d.value, "digest", "") | some d in contradicted])),
) if {
	count(contradicted) > 0
} else := attestation.strays if {
	attestation.strays
} else := verdict.pass(
	verdict.msg("boot_contradicted.pass", {"drivers": count(attestation.measured)}),
	attestation.pointers(attestation.measured),
) if {
	attestation.proven
	attestation.all_drivers
	attestation.no_strays
	count(attestation.measured) > 0
	count(attestation.judged(good)) == count(attestation.measured)
} else := attestation.no_driver if {
	attestation.no_driver
} else := verdict.not_applicable(
	verdict.msg("boot_contradicted.not_applicable", {}),
	attestation.pointers(attestation.named_by_maker),
) if {
	attestation.proven
	count(attestation.drivers) > 0
	count(attestation.named_by_maker) == count(attestation.drivers)
	count(attestation.judged({"measured-unreadable"})) == count(attestation.drivers)
} else := verdict.unknown(
	verdict.msg("boot_contradicted.unknown", {"drivers": attestation.named(attestation.measured)}),
	["/device/firmware/roms"],
) if {
	attestation.proven
	count(attestation.measured) > 0
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_contradicted.what", {})), ["/attestation"])
