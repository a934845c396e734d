# METADATA
# title: Part for China or Macau that a US licence is presumed to be denied for
# description: |
#   Licence applications for ECCN 3A090.a parts to China and Macau are looked at
#   case by case when total processing performance is below 21,000 and memory
#   bandwidth below 6,500 GB/s, for exports from the United States and under
#   conditions of supply, security and testing; otherwise denial is presumed. The
#   two figures were read in law firms' texts only.
# related_resources:
# - ref: https://www.govinfo.gov/content/pkg/FR-2026-01-15/html/2026-00789.htm
# custom:
#   id: GA-IR-005
#   severity: medium
#   scope: device
#   question: law
#   remediation: >-
#     Ask the seller for the export licence under which the part was supplied, and
#     have its conditions checked. Without a licence, do not accept the part.
package gpuaudit.rules.import_restriction.china_licence_review

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-china-h200-case-by-case"

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

bandwidth := threshold.part.bandwidth_gbs

eligible if {
	threshold.tpp < 21000
	bandwidth < 6500
}

excluded if threshold.tpp >= 21000

excluded if bandwidth >= 6500

profiles := {"company", "federal-contractor", "critical-infrastructure", "exporter"}

outside := restriction.aside({"CN", "HK", "MO"}, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.not_applicable(
	verdict.msg("china_licence_review.not_applicable", {}),
	evidence,
) if {
	threshold.state_a == "no"
} else := restriction.fails(
	profiles,
	verdict.msg("china_licence_review.fail", {"figures": threshold.figures, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.state_a == "yes"
	excluded
} else := verdict.pass(
	verdict.msg("china_licence_review.pass", {"figures": threshold.figures, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.state_a == "yes"
	eligible
} else := verdict.unknown(
	verdict.msg("china_licence_review.unknown", {"law": restriction.cite(law)}),
	["/catalogue/accelerator/tpp", "/catalogue/accelerator/bandwidth_gbs"],
)
