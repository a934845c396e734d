# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-024
#   severity: high
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.unexpected_function

import data.gpuaudit.functions
import data.gpuaudit.lib
import data.gpuaudit.verdict

list := object.get(input.device, "functions", [])

foreign := functions.of_kind(input.device, list, "/device/functions", {"foreign"})

unclear := functions.of_kind(input.device, list, "/device/functions", {"unclear"})

decision := verdict.not_applicable(
	verdict.msg("unexpected_function.not_applicable", {}),
	["/device/pci/vendor_id"],
) if {
	input.device.pci.vendor_id in functions.management_controllers
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("unexpected_function.fail", {"functions": [functions.said(f.value) | some f in foreign]}),
		[f.pointer | some f in foreign],
	),
	concat(",", sort([functions.name(object.remove(f.value, ["address"])) | some f in foreign])),
) if {
	count(foreign) > 0
} else := verdict.unknown(
	verdict.msg("unexpected_function.unknown", {"functions": [functions.said(f.value) | some f in unclear]}),
	[concat("", [f.pointer, "/class_code"]) | some f in unclear],
) if {
	count(unclear) > 0
} else := verdict.pass(
	verdict.msg("unexpected_function.pass", {"functions": count(list)}),
	["/device/address"],
) if {
	input.device.address
	lib.complete(input.device, "/functions")
} else := lib.device_lacks(verdict.msg("unexpected_function.lacks", {}), ["/functions"])
