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
	verdict.msg("window_below_memory.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(
	verdict.msg("window_below_memory.not_applicable_2", {"window": mib(window)}),
	["/device/pci/bars"],
) if {
	window <= fixed
	lib.all_have(input.device.pci.bars, ["bytes", "kind"])
} else := verdict.pass(
	verdict.msg("window_below_memory.pass", {"window": mib(window), "memory": mib(memory)}),
	evidence,
) if {
	window >= memory
	lib.complete(input.device, "/memory")
} else := verdict.pass(
	verdict.msg("window_below_memory.pass_2", {"window": mib(window), "memory": mib(memory)}),
	array.concat(evidence, ["/catalogue/accelerator/memory_mib"]),
) if {
	window < memory
	provenance.is_factory_size(memory / 1048576)
	lib.complete(input.device, "/memory")
} else := verdict.fail(
	verdict.msg("window_below_memory.fail", {"window": mib(window), "memory": mib(memory)}),
	evidence,
) if {
	window < memory
	provenance.factory_sizes
} else := verdict.unknown(
	verdict.msg("window_below_memory.unknown", {}),
	["/catalogue/accelerator/memory_mib"],
) if {
	window < memory
} else := lib.device_lacks(verdict.msg("window_below_memory.lacks", {}), ["/pci/bars", "/memory"])
