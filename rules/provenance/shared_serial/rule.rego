# METADATA
# title: Serial number belongs to another card, too
# description: |
#   Two cards state the same serial number or unique id. Makers give each out
#   once; firmware that is copied from one card to many carries it along. Cards of
#   this machine are compared, and with policy check those of all its inputs.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-021
#   severity: high
#   scope: device
#   identity: counterfeit
#   remediation: >-
#     If one card was only moved between the two machines, check newer captures
#     alone. If not, compare the labels of both cards, and read both ROMs.
package gpuaudit.rules.provenance.shared_serial

import data.gpuaudit.lib
import data.gpuaudit.verdict

shared := input.reference.shared

claims := object.get(input.device, "identity", [])

decision := verdict.keyed(
	verdict.fail(
		sprintf("The %s is also that of %s.", [
			object.get(shared[0], "kind", "id"),
			concat(", ", object.get(shared[0], "with", ["another device"])),
		]),
		["/device/identity", "/reference/shared"],
	),
	object.get(shared[0], "kind", ""),
) if {
	count(shared) > 0
} else := verdict.pass("No other card that was looked at states the same serial number or id.", ["/device/identity", "/reference/shared"]) if {
	count(shared) == 0
	count(claims) > 0
	lib.complete(input.device, "/identity")
} else := verdict.not_applicable("No source states a serial number or id of this card.", ["/device"]) if {
	count(shared) == 0
	count(claims) == 0
	lib.complete(input.device, "/identity")
} else := lib.device_lacks("Whether the serial number is the card's own", ["/identity"])
