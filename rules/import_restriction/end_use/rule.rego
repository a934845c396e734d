# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# - ref: https://www.hklaw.com/en/insights/publications/2026/06/bis-publishes-guidance-license-requirements-advanced-computing-items
# custom:
#   id: GA-IR-017
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.end_use

import data.gpuaudit.restriction
import data.gpuaudit.verdict

# by_place are the laws that ask, by where the device is used.
by_place := {
	"CN": ["us-744-23", "us-hq-china-abroad-2026"],
	"HK": ["us-744-23", "us-hq-china-abroad-2026"],
	"MO": ["us-744-23", "us-hq-china-abroad-2026"],
	"EU": ["eu-dual-use-2021-821"],
}

everywhere := ["us-744-23", "us-hq-china-abroad-2026"]

laws := {law |
	some place in restriction.here
	some law in object.get(by_place, place, everywhere)
	restriction.in_force(law)
}

cited := [restriction.cite(law) | some law in sort(laws)]

profiles := restriction.organisations if destined

profiles := {"exporter"} if not destined

destined if input.question.jurisdiction in {"CN", "HK", "MO"}

evidence := ["/question/purchase/end_use_sha256"]

outside := restriction.aside({"*"}, profiles)

decision := outside if {
	outside
} else := verdict.not_applicable(verdict.msg("end_use.not_applicable", {}), ["/now"]) if {
	input.question.jurisdiction
	count(laws) == 0
} else := verdict.pass(
	verdict.msg("end_use.pass", {"sha256": input.question.purchase.end_use_sha256, "laws": cited}),
	evidence,
) if {
	count(laws) > 0
	input.question.purchase.end_use_sha256
} else := verdict.unknown(
	verdict.msg("end_use.unknown", {"laws": cited}),
	evidence,
) if {
	count(laws) > 0
} else := verdict.unknown(verdict.msg("end_use.unknown_2", {}), ["/question/jurisdiction"])
