# METADATA
# related_resources:
# - ref: https://github.com/tinygrad/open-gpu-kernel-modules/issues/36
# - ref: https://github.com/terminatorul/NvStrapsReBar/issues/133
# custom:
#   id: GA-PR-008
#   severity: high
#   scope: device
#   question: identity
#   lead: pass
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.provenance.memory_multiple

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

evidence := ["/device/memory", "/catalogue/accelerator/memory_mib"]

grown := [i |
	some i, claim in provenance.claims
	claim > provenance.largest
]

# times says how much more it is, where that is a round figure.
times := verdict.msg("memory_multiple.times", {"factor": text}) if {
	claim := max(provenance.claims)
	some text, factor in {"1.5": 1.5, "2": 2, "3": 3, "4": 4, "6": 6, "8": 8}
	provenance.claimed(claim, factor * provenance.largest)
} else := ""

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("memory_multiple.fail", {"memory": provenance.statements[grown[0]], "largest": provenance.largest, "times": times, "part": provenance.part_name}),
		evidence,
	),
	provenance.keys[grown[0]],
) if {
	count(grown) > 0
	provenance.whole
	not provenance.unified
	not provenance.prototype
} else := verdict.not_applicable(
	verdict.msg("memory_multiple.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("memory_multiple.no_card", {"what": provenance.no_card}), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.pass(verdict.msg("memory_multiple.pass", {}), ["/device/memory", "/reference/memory"]) if {
	provenance.vouched
} else := verdict.unknown(verdict.msg("provenance.prototype", {"memory": provenance.statements[0]}), ["/device/pci/subsystem_device_id"]) if {
	provenance.prototype
} else := verdict.unknown(
	verdict.msg("memory_multiple.unknown", {"memory": provenance.statements[grown[0]], "part": provenance.part_name, "largest": provenance.largest}),
	["/catalogue/accelerator/memory_complete"],
) if {
	count(grown) > 0
} else := verdict.unknown(
	verdict.msg("memory_multiple.unknown_2", {}),
	["/catalogue/accelerator/memory_mib"],
) if {
	not provenance.factory_sizes
} else := verdict.pass(
	verdict.msg("memory_multiple.pass_2", {"part": provenance.part_name, "largest": provenance.largest}),
	evidence,
) if {
	count(grown) == 0
	count(provenance.claims) > 0
	count(provenance.claims) == count(input.device.memory)
	lib.complete(input.device, "/memory")
} else := lib.device_lacks(verdict.msg("memory_multiple.lacks", {}), ["/memory"])
