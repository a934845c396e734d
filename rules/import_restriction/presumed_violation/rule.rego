# METADATA
# title: Chip that US authorities presume was made in violation of export law
# description: |
#   By guidance of 2025-05-13 on General Prohibition 10, the US Bureau of Industry
#   and Security presumes that the Ascend 910B, 910C and 910D, and other chips of
#   makers with headquarters in China or Macau that reach the thresholds of ECCN
#   3A090.a, were made in violation of the Export Administration Regulations.
#   Dealing in them can be a violation anywhere, for every person. The bureau later
#   withdrew a sentence on use from its press release; the guidance stands. Which parts
#   it names is told by their ids.
# related_resources:
# - ref: https://blog.freshfields.us/post/102ksla/bis-guidance-targets-prc-advanced-computing-integrated-circuits-in-high-probabil
# custom:
#   id: GA-IR-002
#   severity: medium
#   scope: device
#   question: law
#   remediation: >-
#     Do not buy, resell, finance or service the part before a lawyer has looked
#     at the guidance and at how the part was made.
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
