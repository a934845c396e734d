# METADATA
# related_resources:
# - ref: https://github.com/ufrisk/pcileech-fpga
# - ref: https://github.com/ufrisk/pcileech
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-070
#   severity: high
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.dma_attack_device

import data.gpuaudit.functions
import data.gpuaudit.lib
import data.gpuaudit.verdict

list := object.get(input.host, "programmable", [])

# tools are the ids as published; a subsystem only where honest devices have the
# same id. pcileech-fpga at c538c417: Device_ID of pcie_7x_0.xci in each of its
# boards and of the SP605's core. pcileech, pcileech_flash.c: the USB3380 becomes a
# card reader of Broadcom's, which many laptops have, and keeps its own subsystem.
tools := [
	{"vendor_id": "10ee", "device_id": "0666"},
	{"vendor_id": "14e4", "device_id": "16bc", "subsystem_vendor_id": "10b5", "subsystem_device_id": "3380"},
]

agrees(function, tool) if {
	every key, value in tool {
		function[key] == value
	}
}

# may: nothing that was read of a function excludes the tool.
may(function, tool) if {
	every key, value in tool {
		object.get(function, key, value) == value
	}
}

found := [{"pointer": sprintf("/host/programmable/%d", [i]), "value": f} |
	some i, f in list
	some tool in tools
	agrees(f, tool)
]

unread := [{"pointer": sprintf("/host/programmable/%d", [i]), "value": f} |
	some i, f in list
	count([tool | some tool in tools; may(f, tool)]) > 0
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("dma_attack_device.fail", {"functions": [functions.said(f.value) | some f in found]}),
		[f.pointer | some f in found],
	),
	concat(",", sort([functions.name(object.remove(f.value, ["address"])) | some f in found])),
) if {
	count(found) > 0
} else := verdict.unknown(
	verdict.msg("dma_attack_device.unknown", {"functions": [object.get(f.value, "address", verdict.msg("dma_attack_device.a_function", {})) | some f in unread]}),
	[f.pointer | some f in unread],
) if {
	count(unread) > 0
} else := verdict.pass(
	verdict.msg("dma_attack_device.pass", {"functions": input.host.functions_seen}),
	["/host/functions_seen"],
) if {
	input.host.functions_seen > 0
	lib.complete(input.host, "/programmable")
} else := lib.host_lacks(verdict.msg("dma_attack_device.lacks", {}), ["/programmable", "/functions_seen"])
