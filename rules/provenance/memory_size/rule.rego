# METADATA
# related_resources:
# - ref: https://github.com/rigred/gpu-schmoo/issues/1
# custom:
#   id: GA-PR-009
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.provenance.memory_size

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

odd := [i |
	some i, claim in provenance.claims
	not provenance.is_factory_size(claim)
]

evidence := ["/device/memory", "/catalogue/accelerator/memory_mib"]

decision := verdict.not_applicable(
	verdict.msg("memory_size.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("memory_size.no_card", {"what": provenance.no_card}), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.pass(verdict.msg("memory_size.pass", {}), ["/device/memory", "/reference/memory"]) if {
	provenance.vouched
} else := verdict.unknown(
	verdict.msg("memory_size.unknown", {}),
	["/catalogue/accelerator/memory_mib"],
) if {
	not provenance.factory_sizes
} else := verdict.unknown(
	verdict.msg("memory_size.unknown_2", {"memory": provenance.statements[odd[0]], "part": provenance.part_name, "sizes": provenance.factory_sizes}),
	["/device/memory"],
) if {
	count(odd) > 0
	provenance.guest
	max(provenance.claims) < min(provenance.factory_sizes)
} else := verdict.unknown(verdict.msg("provenance.prototype", {"memory": provenance.statements[0]}), ["/device/pci/subsystem_device_id"]) if {
	provenance.prototype
} else := verdict.fail(
	verdict.msg("memory_size.fail", {"memory": provenance.statements[odd[0]], "part": provenance.part_name, "sizes": provenance.factory_sizes}),
	evidence,
) if {
	count(odd) > 0
	provenance.whole
} else := verdict.unknown(
	verdict.msg("memory_size.unknown_3", {"memory": provenance.statements[odd[0]], "part": provenance.part_name, "sizes": provenance.factory_sizes}),
	["/catalogue/accelerator/memory_complete"],
) if {
	count(odd) > 0
} else := verdict.pass(verdict.msg("memory_size.pass_2", {"sizes": provenance.factory_sizes}), evidence) if {
	count(odd) == 0
	count(provenance.claims) > 0
	count(provenance.claims) == count(input.device.memory)
	lib.complete(input.device, "/memory")
} else := lib.device_lacks(verdict.msg("memory_size.lacks", {}), ["/memory"])
