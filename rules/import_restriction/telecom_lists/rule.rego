# METADATA
# related_resources:
# - ref: https://www.fcc.gov/supplychain/coveredlist
# custom:
#   id: GA-IR-007
#   severity: info
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.telecom_lists

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

laws := ["us-ndaa-889", "us-fcc-covered"]

named := [law | some law in laws; law in restriction.maker.named_by; restriction.in_force(law)]

outside := restriction.aside({"US"}, {"federal-contractor", "critical-infrastructure"})

decision := outside if {
	outside
} else := verdict.fail(
	verdict.msg("telecom_lists.fail", {"name": restriction.maker.name, "law": [restriction.cite(law) | some law in named]}),
	["/device/pci/vendor_id"],
) if {
	count(named) > 0
} else := verdict.pass(
	verdict.msg("telecom_lists.pass", {"name": restriction.maker.name, "law": [restriction.cite(law) | some law in laws]}),
	["/device/pci/vendor_id"],
) if {
	restriction.maker
} else := lib.device_lacks(verdict.msg("telecom_lists.lacks", {}), ["/pci/vendor_id"])
