# METADATA
# title: Memory is no factory size
# description: |
#   The memory size is none of those that are known for this device id. The list
#   is a lower bound: variants for laptops, professionals and certain markets are
#   missing from it. So this asks for a look, and proves nothing. A size below
#   every known one is found on badly forged cards and on cards with faulty
#   memory switched off.
# related_resources:
# - ref: https://github.com/rigred/gpu-schmoo/issues/1
# custom:
#   id: GA-PR-009
#   severity: medium
#   scope: device
#   identity: modified
#   remediation: >-
#     Compare the size with the maker's document for this very board. If the
#     document has it, tell us, so that the catalogue learns it; if not, ask the
#     seller.
package gpuaudit.rules.provenance.memory_size

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

odd := [claim |
	some claim in provenance.claims
	not provenance.is_factory_size(claim)
]

sizes := concat(", ", [format_int(size, 10) | some size in provenance.factory_sizes])

evidence := ["/device/memory", "/catalogue/accelerator/memory_mib"]

decision := verdict.not_applicable(
	"The function is a virtual one and has a share of the card's memory.",
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.unknown(
	"The catalogue has no factory memory size for this device id, so the size cannot be compared.",
	["/catalogue/accelerator/memory_mib"],
) if {
	not provenance.factory_sizes
} else := verdict.fail(
	sprintf("%v MiB is none of the sizes known for the %s (%s MiB). The list may be incomplete.", [odd[0], object.get(input.catalogue.accelerator, "name", "part"), sizes]),
	evidence,
) if {
	count(odd) > 0
} else := verdict.pass(sprintf("The memory is a factory size (%s MiB).", [sizes]), evidence) if {
	count(odd) == 0
	count(provenance.claims) > 0
	lib.complete(input.device, "/memory")
} else := lib.device_lacks("The size of the memory", ["/memory"])
