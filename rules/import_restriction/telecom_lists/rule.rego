# METADATA
# title: Maker is named in the US telecommunications bans
# description: |
#   The maker is named in section 889 of the National Defense Authorization Act for
#   2019 and on the Covered List of the Federal Communications Commission. Both
#   are about telecommunications and video surveillance equipment; a graphics card
#   or an accelerator is not such equipment by itself. This is context, not a ban.
# related_resources:
# - ref: https://www.fcc.gov/supplychain/coveredlist
# custom:
#   id: GA-IR-007
#   severity: info
#   scope: device
#   question: law
#   remediation: >-
#     Ask your contracts office whether your contracts go further than the law, and
#     check that the server around the card holds no covered equipment.
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
