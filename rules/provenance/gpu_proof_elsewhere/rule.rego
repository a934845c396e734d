# METADATA
# title: The GPU that answered is not the one that sits here
# description: |
#   What the GPU signed does not fit the card at this place: the chip of its certificate is
#   of another architecture than the card's PCI id, its driver knows another chip id, or it
#   signed another version of driver or VBIOS than the machine shows. The question may have
#   been passed on to a card of another machine. That all of it fits does not prove the
#   place: only devices that prove it themselves (TDISP) will.
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-PR-091
#   severity: high
#   scope: device
#   question: identity
#   remediation: >-
#     Reset the card or start the host cold, and ask again: a driver that was updated while
#     the card ran shows two versions. If it stays, read the card in a machine that you trust.
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
