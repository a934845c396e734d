package gpuaudit.rules.import_restriction.parcel_duty_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.parcel_duty

decide(question, now) := d if d := parcel_duty.decision with input as given.at(given.asks(given.part(given.rtx4090), question), now)

today := "2026-11-24T00:00:00Z"

bought(place, day, price) := object.union(given.private(place), {"purchase": {"date": day, "price": price}})

test_fails_in_the_united_states if {
	d := decide(given.private("US"), today)
	d.status == "fail"
	contains(d.detail, "There is no duty-free parcel any more")
}

# Worked examples of the flat duty: EUR 150 counts, a cent more does not.
test_fails_for_a_small_parcel if {
	d := decide(bought("DE", "2026-11-20", "150.00 EUR"), today)
	d.status == "fail"
	contains(d.detail, "EUR 3 per kind of article")
}

test_passes_for_a_large_parcel if decide(bought("DE", "2026-11-20", "150.01 EUR"), today).status == "pass"

test_passes_at_home if {
	decide(object.union(given.private("FR"), {"origin": "FR"}), today).status == "pass"
}

test_not_applicable_elsewhere if decide(given.private("JP"), today).status == "not-applicable"

test_not_applicable_before_the_duty if {
	decide(bought("DE", "2026-06-20", "99 EUR"), "2026-06-30T23:59:59Z").status == "not-applicable"
}

test_not_applicable_after_the_duty if {
	decide(given.private("DE"), "2028-07-01T00:00:00Z").status != "fail"
}

test_unknown_for_a_purchase_before_it if {
	d := decide(bought("DE", "2026-06-30", "99 EUR"), today)
	d.status == "unknown"
	contains(d.detail, "Bought on 2026-06-30")
	decide(object.union(given.private("US"), {"purchase": {"date": "2025-08-28"}}), today).status == "unknown"
}

test_unknown_without_the_price if {
	d := decide(given.private("DE"), today)
	d.status == "unknown"
	d.missing == ["/question/purchase/price"]
	decide(bought("DE", "2026-11-20", "149 USD"), today).status == "unknown"
}

# What decides is the day on which the parcel came in.
test_day_of_entry if {
	q := object.union(bought("DE", "2026-06-20", "99 EUR"), {"purchase": {"entry_date": "2026-07-03"}})
	decide(q, today).status == "fail"
	r := object.union(bought("DE", "2026-06-20", "99 EUR"), {"purchase": {"entry_date": "2026-06-30"}})
	decide(r, today).status == "pass"
}
