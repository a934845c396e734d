# METADATA
# related_resources:
# - ref: https://docs.amd.com/r/en-US/pg054-7series-pcie
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-071
#   severity: low
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.programmable_device

import data.gpuaudit.functions
import data.gpuaudit.lib
import data.gpuaudit.verdict

list := object.get(input.host, "programmable", [])

# Xilinx's core for the 7 series gives 70, generation and lanes as device id. Its
# subsystem is 0007 of Xilinx itself, which products replace.
reference_design(id) if regex.match(`^70[1-3][1248]$`, id)

# bare: no maker of a product put its own subsystem ids there.
bare(function) if object.get(function, "subsystem_vendor_id", "0000") in {"0000", "ffff"}

bare(function) if {
	function.subsystem_vendor_id == "10ee"
	object.get(function, "subsystem_device_id", "0007") == "0007"
}

development(function) if {
	function.vendor_id == "10ee"
	reference_design(function.device_id)
	bare(function)
}

development(function) if {
	function.vendor_id == "10b5"
	function.device_id == "3380"
}

found := [{"pointer": sprintf("/host/programmable/%d", [i]), "value": f} |
	some i, f in list
	development(f)
]

unread := [{"pointer": sprintf("/host/programmable/%d", [i]), "value": f} |
	some i, f in list
	object.get(f, "vendor_id", "10ee") in {"10ee", "10b5"}
	count([k | some k in ["vendor_id", "device_id"]; k in object.keys(f)]) < 2
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("programmable_device.fail", {"functions": [functions.said(f.value) | some f in found]}),
		[f.pointer | some f in found],
	),
	concat(",", sort([functions.name(object.remove(f.value, ["address"])) | some f in found])),
) if {
	count(found) > 0
} else := verdict.unknown(
	verdict.msg("programmable_device.unknown", {"functions": [object.get(f.value, "address", verdict.msg("programmable_device.a_function", {})) | some f in unread]}),
	[f.pointer | some f in unread],
) if {
	count(unread) > 0
} else := verdict.pass(
	verdict.msg("programmable_device.pass", {"functions": input.host.functions_seen}),
	["/host/functions_seen"],
) if {
	input.host.functions_seen > 0
	lib.complete(input.host, "/programmable")
} else := lib.host_lacks(verdict.msg("programmable_device.lacks", {}), ["/programmable", "/functions_seen"])
