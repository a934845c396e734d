# METADATA
# related_resources:
# - ref: https://www.taiwanlaw.com/en/news_detail.php?serial=2622
# custom:
#   id: GA-IR-018
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.taiwan_list

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "tw-shtc-huawei-smic"

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

profiles := restriction.organisations

outside := restriction.aside({"TW"}, profiles)

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := restriction.fails(profiles, verdict.msg("taiwan_list.fail", {"name": maker.name, "law": restriction.cite(law)}), evidence) if {
	law in maker.named_by
} else := verdict.pass(verdict.msg("taiwan_list.pass", {"name": maker.name, "law": restriction.cite(law)}), evidence) if {
	maker
} else := lib.device_lacks(verdict.msg("taiwan_list.lacks", {}), ["/pci/vendor_id"])
