# METADATA
# title: Bare development board on the bus
# description: |
#   A device of this machine has the ids that a chip for any design has as its maker
#   delivers it: those of Xilinx's reference designs, without a subsystem of another
#   maker, or of a bare USB3380. People who develop with such boards have them in
#   their machines; so have people who read others' memory. It is of low severity
#   because it is a hint and no more. Alveo cards, and products that carry a maker's
#   own subsystem ids, are not meant.
# related_resources:
# - ref: https://docs.amd.com/r/en-US/pg054-7series-pcie
# - ref: https://docs.amd.com/r/en-US/pg195-pcie-dma
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-BD-071
#   severity: low
#   scope: host
#   remediation: >-
#     If nobody put a development board into this machine, find the device and take it
#     out. If somebody did, waive the finding and name them.
package gpuaudit.rules.backdoor.programmable_device

import data.gpuaudit.functions
import data.gpuaudit.lib
import data.gpuaudit.verdict

list := object.get(input.host, "programmable", [])

# Xilinx's cores give 7xxx (7 series), 8xxx (UltraScale), 9xxx (UltraScale+) and Bxxx
# (Versal) as device ids: then, in some order, role, generation and lanes. Their
# subsystem is 0007 of Xilinx itself, which products replace.
reference_design(id) if {
	regex.match(`^(70[1-3][1248f]|80[1-3][1248f]|90[1-4][1248f]|b0[1-5][1248f])$`, id)
}

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
		sprintf("By its ids a bare development board is on the bus: %s.", [concat(", ", [functions.name(f.value) | some f in found])]),
		[f.pointer | some f in found],
	),
	concat(",", sort([functions.name(object.remove(f.value, ["address"])) | some f in found])),
) if {
	count(found) > 0
} else := verdict.unknown(
	sprintf("The ids of %s were not all read.", [concat(", ", [object.get(f.value, "address", "a function") | some f in unread])]),
	[f.pointer | some f in unread],
) if {
	count(unread) > 0
} else := verdict.pass(
	sprintf("None of the machine's %d PCI functions has the ids of a bare development board.", [input.host.functions_seen]),
	["/host/functions_seen"],
) if {
	input.host.functions_seen > 0
	lib.complete(input.host, "/programmable")
} else := lib.host_lacks("Which devices are on the bus", ["/programmable", "/functions_seen"])
