# METADATA
# related_resources:
# - ref: https://hts.usitc.gov/
# custom:
#   id: GA-IR-009
#   severity: medium
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.duty_section_301

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "us-301-list3-cards"

exclusion := restrictions.rules[law].exclusion

# entry is the day of entry, which decides. Where the papers do not have it, that of the
# purchase stands for it, and else today.
entry := input.question.purchase.entry_date

entry := input.question.purchase.date if not input.question.purchase.entry_date

entry := substring(input.now, 0, 10) if {
	not input.question.purchase.entry_date
	not input.question.purchase.date
}

counted := verdict.msg("duty_section_301.by_entry", {"day": entry}) if {
	input.question.purchase.entry_date
} else := verdict.msg("duty_section_301.by_purchase", {"day": entry}) if {
	input.question.purchase.date
} else := verdict.msg("duty_section_301.by_clock", {"day": entry})

# The exclusion includes its first and its last day.
excluded if {
	entry >= exclusion.from
	entry <= exclusion.through
}

evidence := ["/question/origin"]

# A computer as a whole, or another part of it, is outside the exclusion; where no
# tariff number says what was imported, display controllers and accelerators are
# taken for modules.
module if {
	not hts
	substring(input.device.pci.class_code, 0, 2) in {"03", "12"}
}

module if hts == exclusion.hts

# hts is the tariff number of the purchase record.
hts := input.question.purchase.hts

chip := "us-301-semis-50"

# bare: the goods were entered as bare chips or wafers, which have a duty of their own.
bare if {
	strings.any_prefix_match(hts, restrictions.rules[chip].matches.hts_prefix)
	restriction.in_force(chip)
}

# elsewhere: neither duty is on the tariff number.
elsewhere if {
	hts
	not bare
	not strings.any_prefix_match(hts, restrictions.rules[law].matches.hts)
	not strings.any_prefix_match(hts, [exclusion.hts])
}

outside := restriction.aside({"US"}, {"*"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.pass(
	verdict.msg("duty_section_301.pass", {"origin": input.question.origin, "law": restriction.cite(law)}),
	evidence,
) if {
	input.question.origin != "CN"
} else := verdict.fail(
	verdict.msg("duty_section_301.fail", {"hts": hts, "law": restriction.cite(chip)}),
	["/question/origin", "/question/purchase/hts"],
) if {
	input.question.origin
	bare
} else := verdict.not_applicable(
	verdict.msg("duty_section_301.not_applicable", {"hts": hts, "law": restriction.cite(law)}),
	["/question/purchase/hts"],
) if {
	input.question.origin
	elsewhere
} else := verdict.fail(
	verdict.msg("duty_section_301.fail_2", {"law": restriction.cite(law)}),
	evidence,
) if {
	input.question.origin
	input.device.pci.class_code
	not module
} else := verdict.pass(
	verdict.msg("duty_section_301.pass_2", {"through": exclusion.through, "entry": counted, "law": restriction.cite(law)}),
	evidence,
) if {
	input.question.origin
	module
	excluded
} else := verdict.unknown(
	verdict.msg("duty_section_301.unknown", {"through": exclusion.through, "entry": counted, "law": restriction.cite(law)}),
	["/now"],
) if {
	input.question.origin
	module
} else := verdict.unknown(
	verdict.msg("duty_section_301.unknown_2", {}),
	["/question/origin"],
)
