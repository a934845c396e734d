# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-774
# custom:
#   id: GA-IR-004
#   severity: high
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.export_control_3a090b

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-3a090b-nac"

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

name := threshold.part.name

profiles := restriction.organisations if destined

profiles := {"exporter"} if not destined

destined if input.question.jurisdiction in {"CN", "HK", "MO", "AE"}

outside := restriction.aside({"*"}, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.not_applicable(
	verdict.msg("export_control_3a090b.not_applicable", {"name": name}),
	evidence,
) if {
	threshold.state_a == "yes"
} else := restriction.fails(
	profiles,
	verdict.msg("export_control_3a090b.fail", {"name": name, "arithmetic": threshold.arithmetic, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.state_b == "yes"
} else := verdict.pass(
	verdict.msg("export_control_3a090b.pass", {"name": name, "arithmetic": threshold.arithmetic, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.state_b == "no"
} else := verdict.unknown(
	verdict.msg("export_control_3a090b.unknown", {"law": restriction.cite(law)}),
	sort(threshold.lacking),
)
