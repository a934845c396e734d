# METADATA
# title: Memory window ends below the memory
# description: |
#   The window through which the host sees the card's memory was made large
#   (resizable BAR), and still is smaller than the memory. A chip offers no window
#   larger than the memory that its maker foresaw, so a window of 32 GiB on a card
#   with 48 GiB is a sign of exchanged memory. A host that was set to a smaller
#   window gives the same picture.
# related_resources:
# - ref: https://github.com/terminatorul/NvStrapsReBar/issues/133
# custom:
#   id: GA-PR-010
#   severity: low
#   scope: device
#   identity: modified
#   remediation: >-
#     Look at the sizes that the card offers (lspci -vvv, Physical Resizable BAR).
#     If the memory is larger than all of them, ask the seller about the memory.
package gpuaudit.rules.provenance.window_below_memory

import data.gpuaudit.lib
import data.gpuaudit.verdict

# fixed is the largest window of a card whose BAR is not resized, in bytes.
fixed := 268435456

window := max([bar.bytes | some bar in input.device.pci.bars; bar.kind == "memory"])

memory := max([claim.bytes | some claim in input.device.memory])

mib(bytes) := floor(bytes / 1048576)

evidence := ["/device/pci/bars", "/device/memory"]

decision := verdict.not_applicable(
	sprintf("The largest memory window has %d MiB: the BAR is not resized.", [mib(window)]),
	["/device/pci/bars"],
) if {
	window <= fixed
} else := verdict.fail(
	sprintf("The memory window was made large and ends at %d MiB, below the memory of %d MiB.", [mib(window), mib(memory)]),
	evidence,
) if {
	window < memory
} else := verdict.pass(
	sprintf("The memory window of %d MiB covers the memory of %d MiB.", [mib(window), mib(memory)]),
	evidence,
) if {
	window >= memory
	lib.complete(input.device, "/memory")
} else := lib.device_lacks("Window and memory size", ["/pci/bars", "/memory"])
