# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-774
# custom:
#   id: GA-IR-003
#   severity: high
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.export_control_3a090a

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-3a090a-tpp"

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

name := threshold.part.name

# Where the control is applied it concerns every company that gets the part; a private
# owner exports nothing.
profiles := restriction.organisations if restriction.controlled

profiles := {"exporter"} if not restriction.controlled

outside := restriction.aside({"*"}, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.unknown(
	verdict.msg("export_control_3a090a.elsewhere", {"name": name, "arithmetic": threshold.arithmetic, "place": input.question.jurisdiction, "law": restriction.cite(law)}),
	["/question"],
) if {
	threshold.state_a == "yes"
	not restriction.controlled
	restriction.somewhere
	input.question.jurisdiction
} else := restriction.fails(
	profiles,
	verdict.msg("export_control_3a090a.fail", {"name": name, "arithmetic": threshold.arithmetic, "law": restriction.cite(law), "system_law": restriction.cite("us-4a090")}),
	evidence,
) if {
	threshold.state_a == "yes"
} else := verdict.pass(
	verdict.msg("export_control_3a090a.pass", {"name": name, "arithmetic": threshold.arithmetic, "law": restriction.cite("us-3a090-consumer-carveout")}),
	evidence,
) if {
	threshold.state_a == "no"
	threshold.consumer
} else := verdict.pass(
	verdict.msg("export_control_3a090a.pass_2", {"name": name, "arithmetic": threshold.arithmetic, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.state_a == "no"
} else := verdict.unknown(
	verdict.msg("export_control_3a090a.unknown", {"law": restriction.cite(law)}),
	sort(threshold.lacking),
)
