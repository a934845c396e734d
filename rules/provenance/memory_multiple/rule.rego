# METADATA
# title: Memory is a multiple of what the factory fits
# description: |
#   The device has two or four times the largest memory size that was made with
#   this device id. That is the mark of a card whose memory chips were exchanged,
#   such as the RTX 4090 with 48 GB. It shows modification, not a backdoor; such
#   a card runs firmware that was changed, and nobody guarantees its memory.
# related_resources:
# - ref: https://github.com/tinygrad/open-gpu-kernel-modules/issues/36
# - ref: https://github.com/terminatorul/NvStrapsReBar/issues/133
# custom:
#   id: GA-PR-008
#   severity: high
#   scope: device
#   identity: modified
#   remediation: >-
#     Do not take the card for a factory product. Ask the seller who exchanged
#     the memory and where the firmware comes from, test all of the memory, and
#     keep the card away from data that matters until its firmware is vouched
#     for.
package gpuaudit.rules.provenance.memory_multiple

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

grown := [sprintf("%v MiB is %d times %d MiB", [claim, factor, max(provenance.factory_sizes)]) |
	some claim in provenance.claims
	factor := provenance.multiple(claim)
]

name := object.get(input.catalogue.accelerator, "name", "part")

decision := verdict.keyed(
	verdict.fail(
		sprintf("%s, the largest memory known of the %s: %s.", [grown[0], name, "the memory was exchanged"]),
		["/device/memory", "/catalogue/accelerator/memory_mib"],
	),
	grown[0],
) if {
	count(grown) > 0
} else := verdict.not_applicable(
	"The function is a virtual one and has a share of the card's memory.",
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.not_applicable(
	"The catalogue has no factory memory size for this device id: see GA-PR-009.",
	["/catalogue"],
) if {
	input.catalogue
	not provenance.factory_sizes
} else := verdict.pass(
	sprintf("The memory is no multiple of a factory size of the %s.", [name]),
	["/device/memory", "/catalogue/accelerator/memory_mib"],
) if {
	count(grown) == 0
	count(provenance.claims) > 0
	lib.complete(input.device, "/memory")
} else := lib.device_lacks("The size of the memory", ["/memory"])
