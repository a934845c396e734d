# METADATA
# title: Unexpected device behind the card's bridge
# description: |
#   Another device sits behind the same bridge as this card, of a kind that cards
#   do not carry. Where the bridge is on the card, that device is on the card,
#   too. It is of medium severity because the bridge can also be the machine's:
#   then the device is in another slot, and reaches the card without passing the
#   IOMMU.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-025
#   severity: medium
#   scope: device
#   remediation: >-
#     Find out where the device sits: remove the card and see whether the device
#     disappears with it. If it does, keep the card out of use until the device is
#     explained.
package gpuaudit.rules.backdoor.unexpected_sibling

import data.gpuaudit.functions
import data.gpuaudit.lib
import data.gpuaudit.verdict

list := object.get(input.device, "siblings", [])

foreign := functions.of_kind(input.device, list, "/device/siblings", {"foreign"})

unclear := functions.of_kind(input.device, list, "/device/siblings", {"unclear"})

decision := verdict.not_applicable(
	"The display belongs to a server's management controller, which shares its bridge by design.",
	["/device/pci/vendor_id"],
) if {
	input.device.pci.vendor_id in functions.management_controllers
} else := verdict.keyed(
	verdict.fail(
		sprintf("The card's bridge also leads to %s.", [concat(", ", [functions.name(f.value) | some f in foreign])]),
		[f.pointer | some f in foreign],
	),
	concat(",", sort([functions.name(object.remove(f.value, ["address"])) | some f in foreign])),
) if {
	count(foreign) > 0
} else := verdict.unknown(
	sprintf("The card's bridge leads to devices of which it is not known whether they belong there: %s.", [concat(", ", [functions.name(f.value) | some f in unclear])]),
	[concat("", [f.pointer, "/class_code"]) | some f in unclear],
) if {
	count(unclear) > 0
} else := verdict.pass(
	"The card's bridge leads to nothing that cards do not carry.",
	["/device/bridges"],
) if {
	count(input.device.bridges) > 0
	lib.complete(input.device, "/siblings")
	lib.complete(input.device, "/bridges")
	lib.complete(input.device, "/functions")
} else := verdict.not_applicable("The device sits on the root bus: no bridge is its own.", ["/device/address"]) if {
	count(object.get(input.device, "bridges", [])) == 0
	lib.complete(input.device, "/bridges")
	lib.complete(input.device, "/functions")
	input.device.address
} else := lib.device_lacks("What else the card's bridge leads to", ["/siblings", "/bridges", "/functions"])
