# METADATA
# related_resources:
# - ref: https://media.defense.gov/2026/Jun/08/2003945537/-1/-1/1/ENTITIES-IDENTIFIED-AS-CHINESE-MILITARY-COMPANIES-OPERATING-IN-THE-UNITED-STATES-IN-ACCORDANCE-WITH-SECTION-1260H.PDF
# custom:
#   id: GA-IR-006
#   severity: high
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.dod_1260h

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-1260h"

maker := restriction.maker

evidence := ["/device/pci/vendor_id"]

outside := restriction.aside({"US"}, {"federal-contractor"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.fail(
	verdict.msg("dod_1260h.fail", {"name": maker.name, "law": restriction.cite(law)}),
	evidence,
) if {
	law in maker.named_by
} else := verdict.pass(
	verdict.msg("dod_1260h.pass", {"name": maker.name, "law": restriction.cite(law)}),
	evidence,
) if {
	restriction.searched("us-1260h-list")
	not restriction.watched
} else := verdict.unknown(
	verdict.msg("dod_1260h.unknown", {"name": maker.name, "law": restriction.cite(law)}),
	evidence,
) if {
	maker
} else := lib.device_lacks(verdict.msg("dod_1260h.lacks", {}), ["/pci/vendor_id"])
