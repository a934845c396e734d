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

# The text of 3A090.b names the Emirates beside the groups.
controlled if restriction.controlled

controlled if input.question.jurisdiction == "AE"

profiles := restriction.organisations if controlled

profiles := {"exporter"} if not controlled

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
} else := verdict.unknown(
	verdict.msg("export_control_3a090b.elsewhere", {"name": name, "arithmetic": threshold.arithmetic, "place": input.question.jurisdiction, "law": restriction.cite(law)}),
	["/question"],
) if {
	threshold.state_b == "yes"
	not controlled
	restriction.somewhere
	input.question.jurisdiction
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
