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

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.verdict

# laws are the entries on small parcels: what each spares them stands in its relief.
laws[id] := law if {
	some id, law in restrictions.rules
	"GA-IR-024" in law.judged_by
	law.relief
}

places := {law.jurisdiction | some law in laws}

law := sort([id | some id, l in laws; l.jurisdiction in restriction.here])[0]

relief := laws[law].relief

limit := sprintf("%d %s", [relief.value, relief.currency])

evidence := ["/question/jurisdiction"]

# tariff is what the ordinary duty on cards is, where the data have it; the law on parcels
# else.
tariff := sort([id |
	some id, l in restrictions.rules
	"GA-IR-024" in l.judged_by
	l.jurisdiction in restriction.here
	not l.relief
	restriction.in_force(id)
])[0]

ordinary := restriction.cite(tariff)

ordinary := restriction.cite(law) if not tariff

# price is a decimal number and a currency, as the purchase record has them.
price := split(input.question.purchase.price, " ")

small if {
	price[1] == relief.currency
	to_number(price[0]) <= relief.value
}

large if {
	price[1] == relief.currency
	to_number(price[0]) > relief.value
}

# first is the day on which the relief ended, for goods of the country of origin.
first := object.get(relief, ["earlier", object.get(input.question, "origin", "")], restriction.begins(law))

# before: the papers say that the goods came in before the relief ended.
before if {
	relief.kind != "free"
	input.question.purchase.entry_date < first
}

# doubtful: they were bought before, and nobody says when they came in, which decides.
doubtful if {
	relief.kind != "free"
	input.question.purchase.date < first
	not input.question.purchase.entry_date
}

outside := restriction.aside(places, {"private", "company"})

dormant := restriction.dormant(law) if not early

# early: for goods of this origin it counts before it does for all.
early if {
	today := substring(input.now, 0, 10)
	first <= today
	today < restriction.begins(law)
}

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
	verdict.msg("parcel_duty.large", {"price": input.question.purchase.price, "law": ordinary}),
	["/question/purchase/price"],
) if {
	relief.kind == "flat"
	large
} else := verdict.pass(
	verdict.msg("parcel_duty.within", {"price": input.question.purchase.price, "limit": limit, "law": restriction.cite(law)}),
	["/question/purchase/price"],
) if {
	relief.kind == "free"
	small
} else := verdict.fail(
	verdict.msg("parcel_duty.above", {"price": input.question.purchase.price, "limit": limit, "law": ordinary}),
	["/question/purchase/price"],
) if {
	spared_nothing
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
	relief.kind == "ended"
} else := verdict.fail(
	verdict.msg("parcel_duty.limit", {"limit": limit, "law": restriction.cite(law)}),
	evidence,
) if {
	relief.kind == "free"
} else := verdict.fail(
	verdict.msg("parcel_duty.small", {"price": input.question.purchase.price, "law": restriction.cite(law)}),
	["/question/purchase/price"],
) if {
	small
} else := verdict.unknown(verdict.msg("parcel_duty.unknown", {"law": restriction.cite(law)}), ["/question/purchase/price"])

# spared_nothing: the price was above what is free of duty, today or when it came in.
spared_nothing if {
	relief.kind == "free"
	large
}

spared_nothing if {
	relief.kind == "ended"
	before
	large
}
