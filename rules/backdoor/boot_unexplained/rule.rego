# METADATA
# related_resources:
# - ref: https://trustedcomputinggroup.org/resource/pc-client-specific-platform-firmware-profile-specification/
# custom:
#   id: GA-BD-054
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.boot_unexplained

import data.gpuaudit.attestation
import data.gpuaudit.verdict

events := object.get(object.get(object.get(input, "attestation", {}), "boot", {}), "unexplained", [])

moved := [i | some i, e in events; object.get(e, "card", "") != ""]

# words say what the log tells of a driver without a certain device.
words := {
	"firmware-file": verdict.msg("boot_unexplained.firmware_file", {}),
	"no-device-path": verdict.msg("boot_unexplained.no_path", {}),
	"no-such-function": verdict.msg("boot_unexplained.no_function", {}),
	"several-devices": verdict.msg("boot_unexplained.several", {}),
}

# told is what an event is by the log: drivers by their place, others by type.
told(e) := verdict.msg("boot_unexplained.driver", {"where": words[e.reason]}) if {
	words[e.reason]
} else := object.get(e, "type", verdict.msg("boot_unexplained.no_type", {}))

kinds := [verdict.msg("boot_unexplained.kind", {"events": count([1 | some e in events; told(e) == kind]), "kind": kind}) |
	some kind in sort({told(e) | some e in events})
]

pointers(list) := [sprintf("/attestation/boot/unexplained/%d", [i]) | some i in list]

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("boot_unexplained.fail", {"event": events[moved[0]].event, "card": events[moved[0]].card, "type": told(events[moved[0]])}),
		pointers(moved),
	),
	concat(",", sort([object.get(events[i], "digest", "") | some i in moved])),
) if {
	count(moved) > 0
} else := verdict.pass(verdict.msg("boot_unexplained.pass", {}), ["/attestation/boot/unexplained"]) if {
	attestation.proven
	attestation.all_drivers
	input.attestation.boot.unexplained
	count(events) == 0
} else := verdict.unknown(
	verdict.msg("boot_unexplained.unknown", {"events": count(events), "kinds": kinds}),
	pointers([i | some i, _ in events]),
) if {
	count(events) > 0
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_unexplained.what", {})), ["/attestation"])
