# METADATA
# title: Memory is no factory size
# description: |
#   The memory size is none of those that were made with this device id. A size
#   below every one of them is found on badly forged cards and on cards with
#   faulty memory switched off. The rule fails only where the maker's list of
#   sizes is known to be whole; a size that another list lacks is not known.
# related_resources:
# - ref: https://github.com/rigred/gpu-schmoo/issues/1
# custom:
#   id: GA-PR-009
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   remediation: >-
#     Compare the size with the maker's document for this very board. If the
#     document has it, tell us, so that the catalogue learns it; if not, ask the
#     seller.
package gpuaudit.rules.provenance.memory_size

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

odd := [provenance.statements[i] |
	some i, claim in provenance.claims
	not provenance.is_factory_size(claim)
]

sizes := concat(", ", [format_int(size, 10) | some size in provenance.factory_sizes])

evidence := ["/device/memory", "/catalogue/accelerator/memory_mib"]

decision := verdict.not_applicable(
	"The device is a share of a card and has a share of the card's memory.",
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(concat(" ", [provenance.no_card, "It has no memory of its own to compare."]), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.pass("A signed manifest states this memory size of the card.", ["/device/memory", "/reference/memory"]) if {
	provenance.vouched
} else := verdict.unknown(
	"The catalogue has no factory memory size for this device id, so the size cannot be compared.",
	["/catalogue/accelerator/memory_mib"],
) if {
	not provenance.factory_sizes
} else := verdict.unknown(
	sprintf("%s: none of the sizes of the %s (%s MiB). The machine is a virtual one, which may show a part of a card.", [odd[0], provenance.part_name, sizes]),
	["/device/memory"],
) if {
	count(odd) > 0
	provenance.guest
	max(provenance.claims) < min(provenance.factory_sizes)
} else := verdict.fail(
	sprintf("%s: none of the sizes that the %s was made with (%s MiB).", [odd[0], provenance.part_name, sizes]),
	evidence,
) if {
	count(odd) > 0
	provenance.whole
} else := verdict.unknown(
	sprintf("%s: none of the sizes known for the %s (%s MiB). The list may lack sizes.", [odd[0], provenance.part_name, sizes]),
	["/catalogue/accelerator/memory_complete"],
) if {
	count(odd) > 0
} else := verdict.pass(sprintf("The memory is a factory size (%s MiB).", [sizes]), evidence) if {
	count(odd) == 0
	count(provenance.claims) > 0
	count(provenance.claims) == count(input.device.memory)
	lib.complete(input.device, "/memory")
} else := lib.device_lacks("The size of the memory", ["/memory"])
