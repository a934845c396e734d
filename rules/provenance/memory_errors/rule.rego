# METADATA
# title: Memory of the card has had faults
# description: |
#   The card counts errors of its memory that it could not correct, or rows and
#   pages that were taken out of use because of such errors. NVIDIA's cards keep
#   these counts for life, so that they tell of the years before a sale; AMD's
#   driver counts since it was loaded, and remembers pages. A few replaced rows
#   are wear that the maker foresees; a row for which there is no spare one is
#   what makers exchange cards for. Cards without error correction count nothing,
#   and the question stays open.
# related_resources:
# - ref: https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/index.html
# - ref: https://docs.kernel.org/gpu/amdgpu/ras.html
# custom:
#   id: GA-PR-023
#   severity: medium
#   scope: device
#   question: work
#   remediation: >-
#     Reset the card where a row or page waits for it, run the maker's memory
#     test, and scan again. If a replacement failed or the counts grow, return
#     the card under warranty, or ask the seller for its history.
package gpuaudit.rules.provenance.memory_errors

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

kinds := {
	"memory-uncorrected", "rows-remapped", "pages-retired", "retirement-pending", "remapping-failed",
	"memory-threshold-exceeded", "memory-unrepairable", "repair-pending",
}

bad := health.bad(kinds)

decision := verdict.keyed(
	verdict.fail(verdict.msg("memory_errors.fail", {"counts": [b.text | some b in bad]}), [b.pointer | some b in bad]),
	concat(",", sort({b.kind | some b in bad})),
) if {
	count(bad) > 0
} else := verdict.not_applicable(
	verdict.msg("memory_errors.not_applicable", {}),
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.pass(verdict.msg("memory_errors.pass", {}), ["/device/health"]) if {
	health.good({"memory-uncorrected"}, "/health/memory")
} else := lib.device_lacks(verdict.msg("memory_errors.lacks", {}), ["/health/memory"])
