# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-BD-057
#   severity: critical
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.boot_driver_unknown

import data.gpuaudit.attestation
import data.gpuaudit.verdict

ran := [d | some d in attestation.drivers; object.get(d.value, "digest", "") != ""]

stated(state) := [d | some d in ran; object.get(object.get(d.value, "reference", {}), "state", "") == state]

foreign := stated("mismatch")

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("boot_driver_unknown.fail", {"drivers": attestation.named(foreign), "reason": trim_right(foreign[0].value.reference.reason, ".")}),
		[concat("", [p, "/reference"]) | some p in attestation.pointers(foreign)],
	),
	concat(",", sort([d.value.digest | some d in foreign])),
) if {
	count(foreign) > 0
} else := attestation.strays if {
	attestation.strays
	count(stated("not-covered")) < count(ran)
} else := verdict.pass(
	verdict.msg("boot_driver_unknown.pass", {"drivers": count(ran)}),
	attestation.pointers(ran),
) if {
	attestation.proven
	attestation.all_drivers
	attestation.complete_digests
	attestation.no_strays
	count(ran) > 0
	count(stated("match")) == count(ran)
} else := attestation.no_driver if {
	attestation.no_driver
} else := verdict.not_applicable(verdict.msg("boot_driver_unknown.not_applicable", {}), attestation.pointers(ran)) if {
	count(ran) > 0
	count(stated("not-covered")) == count(ran)
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_driver_unknown.what", {})), ["/attestation"])
