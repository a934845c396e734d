# METADATA
# title: Something ran from option ROMs that the log does not name
# description: |
#   PCR 2 is for the code of cards. An event in it is of a type that names no
#   driver, or names one of no certain device. Code may have run before the
#   operating system that nobody can compare with anything. Types are not
#   measured: a driver that was given another type looks like this.
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/pc-client-specific-platform-firmware-profile-specification/
# custom:
#   id: GA-BD-054
#   severity: medium
#   scope: host
#   question: harm
#   remediation: >-
#     Look the digests up among those of the drivers that the machine's cards are
#     known to have, and ask the maker of the machine what its firmware measures
#     there.
package gpuaudit.rules.backdoor.boot_unexplained

import data.gpuaudit.attestation
import data.gpuaudit.verdict

events := object.get(object.get(object.get(input, "attestation", {}), "boot", {}), "unexplained", [])

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(
	sprintf("%d event(s) of PCR 2 are unexplained; the first is %s, %s.", [count(events), object.get(events[0], "type", "of no type"), object.get(events[0], "digest", "no digest")]),
	[sprintf("/attestation/boot/unexplained/%d", [i]) | some i, _ in events],
) if {
	count(events) > 0
} else := verdict.pass("Every event of PCR 2 is a driver of a device that the log names.", ["/attestation/boot/unexplained"]) if {
	attestation.proven
	attestation.all_drivers
	input.attestation.boot.unexplained
} else := verdict.unknown(attestation.lacking("What ran from option ROMs"), ["/attestation"])
