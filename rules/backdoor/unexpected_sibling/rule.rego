# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1200/
# - ref: https://www.dmtf.org/standards/smbios
# custom:
#   id: GA-BD-025
#   severity: medium
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.unexpected_sibling

import data.gpuaudit.functions
import data.gpuaudit.lib
import data.gpuaudit.verdict

list := object.get(input.device, "siblings", [])

foreign := functions.of_kind(input.device, list, "/device/siblings", {"foreign"})

unclear := functions.of_kind(input.device, list, "/device/siblings", {"unclear"})

# uncertain are neighbours that are on the card or not: nobody says. What belongs
# to the switch itself is left out.
uncertain := [f |
	some f in functions.of_kind(input.device, object.get(input.device, "neighbours", []), "/device/neighbours", {"foreign", "unclear"})
	not functions.of_switch(input.device, f.value)
]

# place names in words what leads to the card: its slot, where SMBIOS names it.
place := verdict.msg("unexpected_sibling.slot", {"slot": object.get(slot, "designation", slot.address)}) if {
	slot := input.device.slot
} else := verdict.msg("unexpected_sibling.bridge", {})

decision := verdict.not_applicable(
	verdict.msg("unexpected_sibling.not_applicable", {}),
	["/device/pci/vendor_id"],
) if {
	input.device.pci.vendor_id in functions.management_controllers
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("unexpected_sibling.fail", {"place": place, "functions": [functions.said(f.value) | some f in foreign]}),
		[f.pointer | some f in foreign],
	),
	concat(",", sort([functions.name(object.remove(f.value, ["address"])) | some f in foreign])),
) if {
	count(foreign) > 0
} else := verdict.unknown(
	verdict.msg("unexpected_sibling.unknown", {"place": place, "functions": [functions.said(f.value) | some f in unclear]}),
	[concat("", [f.pointer, "/class_code"]) | some f in unclear],
) if {
	count(unclear) > 0
} else := verdict.unknown(
	verdict.msg("unexpected_sibling.unknown_2", {"functions": [functions.said(f.value) | some f in uncertain], "why": lib.reason(input.device, "/slot")}),
	array.concat(["/device/slot"], [f.pointer | some f in uncertain]),
) if {
	count(uncertain) > 0
} else := verdict.pass(
	verdict.msg("unexpected_sibling.pass", {}),
	["/device/bridges"],
) if {
	count(input.device.bridges) > 0
	lib.complete(input.device, "/siblings")
	lib.complete(input.device, "/neighbours")
	lib.complete(input.device, "/bridges")
	lib.complete(input.device, "/functions")
} else := verdict.not_applicable(verdict.msg("unexpected_sibling.not_applicable_2", {}), ["/device/address"]) if {
	count(object.get(input.device, "bridges", [])) == 0
	lib.complete(input.device, "/bridges")
	lib.complete(input.device, "/functions")
	input.device.address
} else := lib.device_lacks(verdict.msg("unexpected_sibling.lacks", {}), ["/siblings", "/neighbours", "/bridges", "/functions"])
