# METADATA
# title: Export licence needed (ECCN 3A090.a)
# description: |
#   Total processing performance reaches 4800, or reaches 1600 with a performance
#   density of 5.92, and the part is not excluded as a consumer part. Cards and
#   servers that hold it are ECCN 4A090.a. The codified text asks for a licence
#   worldwide; in practice it is applied to country groups D:1, D:4 and D:5 outside
#   A:5 and A:6, to Macau, and to parties with headquarters there. Asked for
#   exporters, and for use in China and Macau.
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-774
# custom:
#   id: GA-IR-003
#   severity: high
#   scope: device
#   question: law
#   remediation: >-
#     Have your export control office classify the part from the maker's own
#     statement (most makers publish the ECCN) and decide on a licence or a licence
#     exception before the device leaves the country or changes hands.
package gpuaudit.rules.import_restriction.export_control_3a090a

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-3a090a-tpp"

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

name := threshold.part.name

# In China and Macau the control concerns every company that gets the part; a private
# owner exports nothing.
profiles := {"company", "federal-contractor", "critical-infrastructure", "exporter"} if destined

profiles := {"exporter"} if not destined

# A rule of its own: under "not", a membership test of something that is not
# there would be undefined, and not true.
destined if input.question.jurisdiction in {"CN", "HK", "MO"}

outside := restriction.aside({"*"}, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
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
