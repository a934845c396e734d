# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# custom:
#   id: GA-BD-051
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.boot_driver_unreadable

import data.gpuaudit.attestation
import data.gpuaudit.verdict

# A driver that a signed manifest names need not be read to be known.
unreadable := [d |
	some d in attestation.judged({"measured-unreadable"})
	not d in attestation.named_by_maker
]

measured := [d | some d in attestation.drivers; not object.get(d.value, "verdict", "") in {"", "present-never-measured"}]

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(
	verdict.msg("boot_driver_unreadable.fail", {"count": count(unreadable), "drivers": attestation.named(unreadable)}),
	attestation.pointers(unreadable),
) if {
	count(unreadable) > 0
} else := attestation.strays if {
	attestation.strays
} else := verdict.pass(verdict.msg("boot_driver_unreadable.pass", {}), attestation.pointers(measured)) if {
	attestation.proven
	attestation.all_drivers
	attestation.no_strays
	count(measured) > 0
} else := attestation.no_driver if {
	attestation.no_driver
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_driver_unreadable.what", {})), ["/attestation"])
