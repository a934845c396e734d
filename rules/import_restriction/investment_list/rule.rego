# METADATA
# related_resources:
# - ref: https://data.trade.gov/downloadable_consolidated_screening_list/v1/consolidated.json
# custom:
#   id: GA-IR-019
#   severity: info
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.investment_list

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-treasury-cmic"

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

profiles := restriction.organisations

outside := restriction.aside({"US"}, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := restriction.fails(profiles, verdict.msg("investment_list.fail", {"name": maker.name, "law": restriction.cite(law)}), evidence) if {
	law in maker.named_by
} else := verdict.pass(verdict.msg("investment_list.pass", {"name": maker.name, "law": restriction.cite(law)}), evidence) if {
	maker
} else := lib.device_lacks(verdict.msg("investment_list.lacks", {}), ["/pci/vendor_id"])
