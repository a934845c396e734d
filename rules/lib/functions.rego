# METADATA
# description: |
#   Which PCI functions belong on a graphics card, by class code. A class that is
#   in neither list is not judged.
package gpuaudit.functions

import data.gpuaudit.verdict

# expected are classes that graphics cards and accelerators have beside
# themselves: display, processing, sound and other multimedia, the controllers
# of USB-C ports and of sensors (I2C, SMBus), and bridges.
expected := {"03", "12", "0400", "0401", "0403", "0480", "0c05", "0c80", "06", "0880"}

# foreign are classes that have no business on one: storage, network, serial
# and modem, input, FireWire, InfiniBand, wireless.
foreign := {"01", "02", "07", "09", "0c00", "0c06", "0d"}

# of_apu are classes that AMD's processors with graphics have in the graphics'
# slot, under AMD's other vendor id.
of_apu := {"1080", "0c03", "0480", "0403", "0401", "1180", "0880"}

# kind is the verdict on one function behind a device: "expected", "foreign" or
# "unclear".
kind(device, function) := "expected" if {
	belongs(device, function)
} else := "foreign" if {
	strings.any_prefix_match(function.class_code, foreign)
} else := "foreign" if {
	startswith(function.class_code, "0c03")
	device.pci.vendor_id
	function.vendor_id
	function.device_id
} else := "unclear"

belongs(_, function) if strings.any_prefix_match(function.class_code, expected)

# A USB controller that is known to serve a card's USB-C port.
belongs(device, function) if {
	startswith(function.class_code, "0c03")
	function.vendor_id == device.pci.vendor_id
	function.device_id in data.gpuaudit.data.virtuallink.controllers[function.vendor_id]
}

belongs(device, function) if {
	device.pci.vendor_id == "1002"
	function.vendor_id == "1022"
	strings.any_prefix_match(function.class_code, of_apu)
}

# A converged card of NVIDIA: a GPU and a network controller of NVIDIA's on one
# board (A100X, A30X, H100 CNX, L40 CNX), by the GPU's id.
converged := {"20b8", "20b9", "2313", "26f5"}

belongs(device, function) if {
	device.pci.vendor_id == "10de"
	device.pci.device_id in converged
	function.vendor_id == "15b3"
	startswith(function.class_code, "02")
}

# of_switch: a neighbour is an endpoint that a switch above the device has for its own
# management. It has the switch's ids (Broadcom's PEX 89000 shows a storage class,
# Microchip's Switchtec a memory class), or Broadcom's for such endpoints.
of_switch(device, neighbour) if {
	some bridge in device.bridges
	bridge.vendor_id == neighbour.vendor_id
	neighbour.device_id in ({bridge.device_id} | object.get({"1000": {"00b2"}}, bridge.vendor_id, set()))
}

# said is how a function is called in a sentence.
said(function) := verdict.msg("functions.said", {
	"address": object.get(function, "address", verdict.msg("functions.no_address", {})),
	"class": object.get(function, "class_code", verdict.msg("functions.unknown", {})),
	"vendor": object.get(function, "vendor_id", verdict.msg("functions.unknown", {})),
	"device": object.get(function, "device_id", verdict.msg("functions.unknown", {})),
})

# name tells a function from others over rescans.
name(function) := sprintf("%s (class %s, %s:%s)", [
	object.get(function, "address", "unknown address"),
	object.get(function, "class_code", "unknown"),
	object.get(function, "vendor_id", "unknown"),
	object.get(function, "device_id", "unknown"),
])

# of_kind are the functions of a list that have one kind, with their places.
of_kind(device, list, pointer, kinds) := [{"pointer": sprintf("%s/%d", [pointer, i]), "value": f} |
	some i, f in list
	kind(device, f) in kinds
]

# management_controllers are the vendor ids of the display chips of servers'
# management controllers, which have USB and other functions by design.
management_controllers := {"102b", "1a03"}
