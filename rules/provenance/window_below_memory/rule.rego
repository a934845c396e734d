# METADATA
# title: Memory window ends below a memory that is no factory's
# description: |
#   The window through which the host sees the card's memory was made large
#   (resizable BAR), and still is smaller than the memory, and the memory is no
#   size that the part is known to be made with. A chip offers no window larger
#   than the memory that its maker foresaw, so a window of 32 GiB on a card with 48
#   GiB is a sign of changed memory. A host that was set to a smaller window gives
#   the same picture, and parts of a factory size with a smaller window are
#   ordinary (the MI50 with 32 GB shows 16 GiB).
# related_resources:
# - ref: https://github.com/terminatorul/NvStrapsReBar/issues/133
# custom:
#   id: GA-PR-010
#   severity: low
#   scope: device
#   question: identity
#   remediation: >-
#     Look at the sizes that the card offers (lspci -vvv, Physical Resizable BAR).
#     If the memory is larger than all of them, ask the seller about the memory.
package gpuaudit.rules.provenance.window_below_memory

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

# fixed is the largest window of a card whose BAR is not resized, in bytes.
fixed := 268435456

window := max([bar.bytes | some bar in input.device.pci.bars; bar.kind == "memory"])

memory := max([claim.bytes | some claim in input.device.memory])

mib(bytes) := floor(bytes / 1048576)

evidence := ["/device/pci/bars", "/device/memory"]

decision := verdict.not_applicable(
	"The device is a share of a card and has a share of the card's memory.",
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(
	sprintf("The largest memory window has %d MiB: the BAR is not resized.", [mib(window)]),
	["/device/pci/bars"],
) if {
	window <= fixed
	lib.all_have(input.device.pci.bars, ["bytes", "kind"])
} else := verdict.pass(
	sprintf("The memory window of %d MiB covers the memory of %d MiB.", [mib(window), mib(memory)]),
	evidence,
) if {
	window >= memory
	lib.complete(input.device, "/memory")
} else := verdict.pass(
	sprintf("The memory window ends at %d MiB, and the memory of %d MiB is a factory size.", [mib(window), mib(memory)]),
	array.concat(evidence, ["/catalogue/accelerator/memory_mib"]),
) if {
	window < memory
	provenance.is_factory_size(memory / 1048576)
	lib.complete(input.device, "/memory")
} else := verdict.fail(
	sprintf("The memory window was made large and ends at %d MiB, below the memory of %d MiB, which is no factory size that is known.", [mib(window), mib(memory)]),
	evidence,
) if {
	window < memory
	provenance.factory_sizes
} else := verdict.unknown(
	"The memory window ends below the memory, and the catalogue has no factory memory size for this device id.",
	["/catalogue/accelerator/memory_mib"],
) if {
	window < memory
} else := lib.device_lacks("Window and memory size", ["/pci/bars", "/memory"])
