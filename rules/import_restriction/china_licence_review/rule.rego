# METADATA
# related_resources:
# - ref: https://www.govinfo.gov/content/pkg/FR-2026-01-15/html/2026-00789.htm
# custom:
#   id: GA-IR-005
#   severity: medium
#   scope: device
#   question: law
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

profiles := restriction.organisations

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
