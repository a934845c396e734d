# METADATA
# title: The GPU measured other code than its maker states
# description: |
#   A genuine GPU signed what it measured of its firmware and driver when it started, and
#   its maker's signed manifests state something else. Where a manifest is missing, was
#   never published or does not count, it is not known. Some differences have innocent
#   causes, which the report names.
# related_resources:
# - ref: https://docs.nvidia.com/attestation/index.html
# custom:
#   id: GA-BD-100
#   severity: critical
#   scope: device
#   question: code
#   lead: pass
#   remediation: >-
#     Do what the report says of the index: mostly reset the GPU or start the host cold, and
#     ask again. If it stays, take the card out of use and ask its maker with the manifest's
#     id and the index.
package gpuaudit.rules.backdoor.gpu_measurements

import data.gpuaudit.gpuproof
import data.gpuaudit.verdict

differences := object.get(gpuproof.card, "differences", [])

manifests := object.get(gpuproof.card, "manifests", [])

# compared is how many measurements all manifests together state.
compared := sum([object.get(m, "compared", 0) | some m in manifests])

missing := [object.get(m, "id", object.get(m, "kind", "")) | some m in manifests; object.get(m, "outcome", "") == "genuine-no-reference"]

decision := gpuproof.not_asked if {
	gpuproof.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("gpu_measurements.fail", {"name": object.get(differences[0], "name", ""), "code": object.get(differences[0], "code", ""), "count": count(differences), "cause": object.get(differences[0], "cause", "")}),
		["/gpu_proof/devices/0/differences"],
	),
	concat(",", [object.get(d, "name", "") | some d in differences]),
) if {
	gpuproof.card.outcome == "genuine-differs"
	count(differences) > 0
} else := verdict.pass(verdict.msg("gpu_measurements.pass", {"compared": compared}), ["/gpu_proof/devices/0/outcome", "/gpu_proof/devices/0/manifests"]) if {
	gpuproof.card.outcome == "genuine-and-matches"
	gpuproof.card.state == "verified"
	count(manifests) > 0
	compared > 0
} else := verdict.unknown(verdict.msg("gpu_measurements.unknown", {"missing": missing}), ["/gpu_proof/devices/0/manifests"]) if {
	gpuproof.card.outcome == "genuine-no-reference"
	count(missing) > 0
} else := verdict.unknown(gpuproof.lacking(verdict.msg("gpu_measurements.what", {})), ["/gpu_proof/devices"])
