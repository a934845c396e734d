# METADATA
# related_resources:
# - ref: https://blog.freshfields.us/post/102ksla/bis-guidance-targets-prc-advanced-computing-integrated-circuits-in-high-probabil
# custom:
#   id: GA-IR-002
#   severity: medium
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.presumed_violation

import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-gp10-prc-3a090"

maker := restriction.maker

abroad := {"CN", "MO"}

name := object.get(input, ["catalogue", "accelerator", "name"], restriction.part)

outside := restriction.aside({"*"}, {"*"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.fail(
	verdict.msg("presumed_violation.fail", {"name": name, "law": restriction.cite(law)}),
	["/device/pci/device_id", "/catalogue/accelerator"],
) if {
	restriction.names_part(law)
} else := verdict.fail(
	verdict.msg("presumed_violation.fail_2", {"name": name, "maker": maker.name, "arithmetic": threshold.arithmetic, "law": restriction.cite(law)}),
	["/device/pci/device_id", "/catalogue/accelerator"],
) if {
	maker.hq_country in abroad
	threshold.state_a == "yes"
} else := verdict.unknown(
	verdict.msg("presumed_violation.unknown", {"name": object.get(input, ["catalogue", "accelerator", "name"], verdict.msg("law.the_device", {})), "maker": maker.name, "law": restriction.cite(law)}),
	sort(threshold.lacking),
) if {
	maker.hq_country in abroad
	threshold.state_a == "unknown"
} else := verdict.pass(
	verdict.msg("presumed_violation.pass", {"name": name, "maker": maker.name, "arithmetic": threshold.arithmetic, "law": restriction.cite(law)}),
	["/device/pci/device_id", "/catalogue/accelerator"],
) if {
	threshold.state_a == "no"
	maker.hq_country in abroad
} else := verdict.pass(
	verdict.msg("presumed_violation.pass_2", {"name": maker.name, "country": maker.hq_country, "law": restriction.cite(law)}),
	["/device/pci/vendor_id"],
) if {
	not maker.hq_country in abroad
} else := verdict.unknown(verdict.msg("presumed_violation.unknown_2", {}), ["/device/pci/vendor_id"])
