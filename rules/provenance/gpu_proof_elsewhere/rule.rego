# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-PR-091
#   severity: high
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.gpu_proof_elsewhere

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

# listed is the architecture that the catalogue has for the card's PCI id.
listed := upper(input.catalogue.accelerator.architecture) if input.catalogue.accelerator.architecture

other_chip if {
	gpuproof.card.architecture
	listed
	gpuproof.card.architecture != listed
}

disagrees := object.get(gpuproof.card, "disagrees", [])

agrees := object.get(gpuproof.card, "agrees", [])

decision := gpuproof.not_asked if {
	gpuproof.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("gpu_proof_elsewhere.fail_chip", {"chip": object.get(gpuproof.card, "chip", ""), "architecture": listed}),
		["/gpu_proof/devices/0/architecture", "/catalogue/accelerator/architecture"],
	),
	"architecture",
) if {
	gpuproof.genuine
	other_chip
} else := verdict.keyed(
	verdict.fail(verdict.msg("gpu_proof_elsewhere.fail", {"what": disagrees}), ["/gpu_proof/devices/0/disagrees"]),
	concat(",", disagrees),
) if {
	gpuproof.genuine
	count(disagrees) > 0
} else := verdict.pass(verdict.msg("gpu_proof_elsewhere.pass", {"what": agrees}), ["/gpu_proof/devices/0/agrees"]) if {
	gpuproof.genuine
	count(gpuproof.card.disagrees) == 0
	count(agrees) > 0
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_proof_elsewhere.what", {})), ["/gpu_proof/devices"])
