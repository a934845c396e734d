# METADATA
# title: Export licence or notification needed (ECCN 3A090.b)
# description: |
#   A part for data centres has a total processing performance from 2400 to below
#   4800 with a performance density from 1.6 to below 5.92, or of 1600 and more
#   with a density from 3.2 to below 5.92. Licence exception NAC can apply. The
#   control is for country groups D:1, D:4 and D:5 outside A:5 and A:6, and for the
#   United Arab Emirates.
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-774
# custom:
#   id: GA-IR-004
#   severity: high
#   scope: device
#   question: law
#   remediation: >-
#     Have your export control office classify the part from the maker's own
#     statement, and look at licence exception NAC (15 CFR 740.8).
package gpuaudit.rules.import_restriction.export_control_3a090b

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-3a090b-nac"

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

name := threshold.part.name

profiles := {"company", "federal-contractor", "critical-infrastructure", "exporter"} if destined

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
