# METADATA
# related_resources:
# - ref: https://wbgsv0a.gigazine.net/gsc_news/en/20251106-china-data-center-ai-chips
# custom:
#   id: GA-IR-020
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.china_domestic

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "cn-state-dc-domestic"

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

outside := restriction.aside({"CN"}, {"company", "critical-infrastructure", "exporter"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.pass(verdict.msg("china_domestic.pass", {"name": maker.name, "law": restriction.cite(law)}), evidence) if {
	maker.hq_country == "CN"
} else := verdict.unknown(
	verdict.msg("china_domestic.unknown", {"name": maker.name, "law": restriction.cite(law)}),
	["/question/profile"],
) if {
	maker.hq_country
} else := lib.device_lacks(verdict.msg("china_domestic.lacks", {}), ["/pci/vendor_id"])
