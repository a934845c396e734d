# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-021
#   severity: high
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: contradiction
package gpuaudit.rules.provenance.shared_serial

import data.gpuaudit.lib
import data.gpuaudit.verdict

shared := input.reference.shared

claims := object.get(input.device, "identity", [])

unread := object.get(input.reference, "shared_unread", [])

# named are the first of them, for a sentence of bearable length.
# No more than 64 are named to the rule.
named := array.concat(array.slice(unread, 0, 4), [more | count(unread) > 4])

more := verdict.msg("shared_serial.at_least_more", {"more": count(unread) - 4}) if {
	count(unread) >= 64
} else := verdict.msg("shared_serial.more", {"more": count(unread) - 4})

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("shared_serial.fail", {"kind": object.get(shared[0], "kind", "id"), "with": object.get(shared[0], "with", [verdict.msg("shared_serial.another", {})])}),
		["/device/identity", "/reference/shared"],
	),
	object.get(shared[0], "kind", ""),
) if {
	count(shared) > 0
} else := verdict.unknown(
	verdict.msg("shared_serial.unknown", {"devices": named}),
	["/reference/shared_unread"],
) if {
	count(unread) > 0
} else := verdict.pass(verdict.msg("shared_serial.pass", {}), ["/device/identity", "/reference/shared"]) if {
	count(shared) == 0
	count(claims) > 0
	lib.complete(input.device, "/identity")
} else := verdict.not_applicable(verdict.msg("shared_serial.not_applicable", {}), ["/device"]) if {
	count(shared) == 0
	count(claims) == 0
	lib.complete(input.device, "/identity")
} else := lib.device_lacks(verdict.msg("shared_serial.lacks", {}), ["/identity"])
