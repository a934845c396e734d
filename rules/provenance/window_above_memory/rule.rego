# METADATA
# related_resources:
# - ref: https://github.com/terminatorul/NvStrapsReBar/issues/133
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# custom:
#   id: GA-PR-030
#   severity: high
#   scope: device
#   question: identity
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.provenance.window_above_memory

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

# fixed is the largest window of a card whose BAR is not resized, in MiB: it says
# nothing of the memory.
fixed := 256

# viewed are the makers whose large window is a view of the card's memory, and of
# nothing else.
viewed := {"10de", "1002"}

evidence := ["/device/pci/bars", "/catalogue/accelerator/memory_mib"]

larger if provenance.window > max({fixed, provenance.next_power(provenance.largest)})

# told: the driver states a size that the factory gives, so that the window proves no
# larger one: a patch of the machine's firmware sets any.
told if {
	count(provenance.claims) > 0
	every claim in provenance.claims {
		provenance.is_factory_size(claim)
	}
}

# A part for mining is a larger chip's, whose window it may have kept.
mining if object.get(provenance.part, "form", "") == "mining"

said := verdict.msg("window_above_memory.said", {"window": provenance.window, "part": provenance.part_name, "largest": provenance.largest})

decision := verdict.not_applicable(
	verdict.msg("window_above_memory.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("window_above_memory.no_card", {"what": provenance.no_card}), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("window_above_memory.fail", {"said": said, "enough": provenance.next_power(provenance.largest)}),
		evidence,
	),
	format_int(provenance.window, 10),
) if {
	larger
	provenance.whole
	input.device.pci.vendor_id in viewed
	not told
	not mining
} else := verdict.pass(verdict.msg("window_above_memory.pass", {}), ["/device/pci/bars", "/reference/windows"]) if {
	provenance.windows_vouched
} else := verdict.unknown(
	verdict.msg("window_above_memory.told", {"said": said, "memory": provenance.statements[0]}),
	["/device/pci/bars", "/device/memory"],
) if {
	larger
	told
} else := verdict.unknown(
	verdict.msg("window_above_memory.unknown_2", {"said": said}),
	["/catalogue/accelerator/memory_complete"],
) if {
	larger
} else := verdict.pass(
	verdict.msg("window_above_memory.pass_2", {"window": provenance.window}),
	["/device/pci/bars"],
) if {
	provenance.window
	lib.complete(input.device, "/pci/bars")
	small
} else := verdict.unknown(
	verdict.msg("window_above_memory.unknown", {}),
	["/catalogue/accelerator/memory_mib"],
) if {
	not provenance.factory_sizes
} else := lib.device_lacks(verdict.msg("window_above_memory.lacks", {}), ["/pci/bars"])

small if provenance.window <= fixed

small if provenance.window <= provenance.next_power(provenance.largest)
