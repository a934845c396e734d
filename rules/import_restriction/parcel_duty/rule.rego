# METADATA
# related_resources:
# - ref: https://globalimportblog.bakermckenzie.com/2026/07/02/eu-low-value-consignment-relief-abolished-and-eur-3-customs-duty-introduced-from-1-july-2026/
# - ref: https://www.directivewatch.com/article/continuing-the-suspension-of-duty-free-de-minimis-treatment-for-all-countries-21-02-26
# custom:
#   id: GA-IR-024
#   severity: info
#   scope: device
#   question: law
#   means: note
package gpuaudit.rules.import_restriction.parcel_duty

import data.gpuaudit.restriction
import data.gpuaudit.verdict

by_place := {"US": "us-de-minimis-end", "EU": "eu-parcel-duty-3eur"}

law := [id | some place in restriction.here; id := by_place[place]][0]

evidence := ["/question/jurisdiction"]

# price is a decimal number and a currency, as the purchase record has them.
price := split(input.question.purchase.price, " ")

small if {
	price[1] == "EUR"
	to_number(price[0]) <= 150
}

large if {
	price[1] == "EUR"
	to_number(price[0]) > 150
}

# before: the papers say that the goods came in before the relief ended.
before if input.question.purchase.entry_date < restriction.begins(law)

# doubtful: they were bought before, and nobody says when they came in, which decides.
doubtful if {
	input.question.purchase.date < restriction.begins(law)
	not input.question.purchase.entry_date
}

outside := restriction.aside({"US", "EU"}, {"private", "company"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.pass(
	verdict.msg("parcel_duty.home", {"origin": input.question.origin, "law": restriction.cite(law)}),
	["/question/origin"],
) if {
	input.question.origin in restriction.here
} else := verdict.pass(
	verdict.msg("parcel_duty.large", {"price": input.question.purchase.price, "law": restriction.cite(law)}),
	["/question/purchase/price"],
) if {
	law == "eu-parcel-duty-3eur"
	large
} else := verdict.pass(
	verdict.msg("parcel_duty.before", {"day": input.question.purchase.entry_date, "law": restriction.cite(law)}),
	["/question/purchase/entry_date"],
) if {
	before
} else := verdict.unknown(
	verdict.msg("parcel_duty.doubtful", {"day": input.question.purchase.date, "law": restriction.cite(law)}),
	["/question/purchase/entry_date"],
) if {
	doubtful
} else := verdict.fail(verdict.msg("parcel_duty.fail", {"law": restriction.cite(law)}), evidence) if {
	law == "us-de-minimis-end"
} else := verdict.fail(
	verdict.msg("parcel_duty.small", {"price": input.question.purchase.price, "law": restriction.cite(law)}),
	["/question/purchase/price"],
) if {
	small
} else := verdict.unknown(verdict.msg("parcel_duty.unknown", {"law": restriction.cite(law)}), ["/question/purchase/price"])
