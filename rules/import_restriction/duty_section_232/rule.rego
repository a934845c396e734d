# METADATA
# related_resources:
# - ref: https://hts.usitc.gov/
# custom:
#   id: GA-IR-008
#   severity: medium
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.duty_section_232

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-232-semis-phase1"

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

bandwidth := threshold.part.bandwidth_gbs

# near: the performance is in a band, so that the bandwidth decides.
near if {
	some band in threshold.bands
	threshold.within(threshold.tpp, band.tpp)
}

outside := restriction.aside({"US"}, {"*"})

dormant := restriction.dormant(law)

# elsewhere: the tariff number of the purchase record is of none of the headings.
elsewhere if {
	hts := input.question.purchase.hts
	not strings.any_prefix_match(hts, restrictions.rules[law].matches.hts)
}

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.not_applicable(
	verdict.msg("duty_section_232.not_applicable", {"hts": restrictions.rules[law].matches.hts, "yours": input.question.purchase.hts, "law": restriction.cite(law)}),
	["/question/purchase/hts"],
) if {
	elsewhere
} else := verdict.fail(
	verdict.msg("duty_section_232.fail", {"figures": threshold.figures, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.dutiable
} else := verdict.pass(
	verdict.msg("duty_section_232.pass", {"figures": threshold.figures, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.tpp
	not undecided
} else := verdict.unknown(
	verdict.msg("duty_section_232.unknown", {"law": restriction.cite(law)}),
	["/catalogue/accelerator/tpp", "/catalogue/accelerator/bandwidth_gbs"],
)

undecided if {
	near
	not bandwidth
}
