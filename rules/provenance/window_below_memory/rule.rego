# METADATA
# related_resources:
# - ref: https://github.com/terminatorul/NvStrapsReBar/issues/133
# custom:
#   id: GA-PR-010
#   severity: low
#   scope: device
#   question: identity
#   identity: unknown
#   proves: sign
package gpuaudit.rules.provenance.window_below_memory

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

# fixed is the largest window of a card whose BAR is not resized, in bytes.
fixed := 268435456

window := max([bar.bytes | some bar in input.device.pci.bars; bar.kind == "memory"])

memory := max([claim.bytes | some claim in input.device.memory])

mib(bytes) := floor(bytes / 1048576)

# offered is the largest size of a window that NVIDIA's firmware lets a machine choose, in
# bytes: on factory cards it covers the memory, and a card with more memory soldered on
# offers what its firmware did before (NvStrapsReBar#133). AMD's MI50 of 32 GB offers less
# than it has. A hypervisor shows the one size that it chose, and firmware from before
# windows were resized ends at the fixed one.
offered := max(window) if {
	input.device.pci.vendor_id == "10de"
	input.host.dmi.system_vendor
	not provenance.guest
	window := [size |
		some bar in input.device.pci.config.resizable
		bar.index == 1
		some size in bar.bytes
	]
	count(window) > 2
	max(window) > fixed
}

evidence := ["/device/pci/bars", "/device/memory"]

decision := verdict.not_applicable(
	verdict.msg("window_below_memory.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("window_below_memory.no_card", {"what": provenance.no_card}), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.fail(
	verdict.msg("window_below_memory.fail_2", {"window": mib(offered), "memory": mib(memory)}),
	["/device/pci/config/resizable", "/device/memory"],
) if {
	offered < memory
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
