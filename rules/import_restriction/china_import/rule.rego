# METADATA
# related_resources:
# - ref: https://www.asiafinancial.com/china-steps-up-checks-on-nvidia-ai-chips-at-major-ports-ft-says
# - ref: https://www.businesstimes.com.sg/international/global/china-approves-first-batch-nvidia-h200-chip-imports-sources
# custom:
#   id: GA-IR-010
#   severity: medium
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.china_import

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

# stopped are the reports that are said to stop the part today, by its id.
stopped := [law |
	some law in ["cn-customs-h200", "cn-cac-h20-rtx6000d"]
	restriction.names_part(law)
	restriction.in_force(law)
]

approval := "cn-h200-approval"

checks := "cn-cac-h20-rtx6000d"

part := restriction.part

name := object.get(input, ["catalogue", "accelerator", "name"], part)

evidence := ["/device/pci/device_id"]

outside := restriction.aside({"CN"}, {"*"})

decision := outside if {
	outside
} else := verdict.fail(
	verdict.msg("china_import.fail", {"name": name, "laws": [restriction.cite(law) | some law in stopped]}),
	evidence,
) if {
	count(stopped) > 0
} else := verdict.not_applicable(
	verdict.msg("china_import.domestic", {"maker": restriction.maker.name}),
	["/device/pci/vendor_id"],
) if {
	restriction.watched
} else := verdict.unknown(
	verdict.msg("china_import.approval", {"name": name, "law": restriction.cite(approval)}),
	["/question"],
) if {
	restriction.names_part(approval)
	restriction.in_force(approval)
} else := verdict.unknown(
	verdict.msg("china_import.checked", {"name": name, "arithmetic": threshold.arithmetic, "law": restriction.cite(checks)}),
	["/question"],
) if {
	threshold.state_a == "yes"
	restriction.in_force(checks)
} else := verdict.pass(
	verdict.msg("china_import.below", {"name": name, "arithmetic": threshold.arithmetic, "disclaimer": restriction.disclaimer}),
	evidence,
) if {
	threshold.state_a == "no"
} else := verdict.pass(
	verdict.msg("china_import.before", {"name": name, "day": substring(input.now, 0, 10), "disclaimer": restriction.disclaimer}),
	evidence,
) if {
	part
	not restriction.in_force(checks)
} else := verdict.unknown(
	verdict.msg("china_import.undecided", {"name": name, "law": restriction.cite(checks)}),
	sort(threshold.lacking),
) if {
	part
} else := lib.device_lacks(verdict.msg("china_import.lacks", {}), ["/pci/vendor_id", "/pci/device_id"])
