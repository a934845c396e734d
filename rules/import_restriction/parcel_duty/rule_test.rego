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

# Above it the ordinary tariff counts, which is nil for cards.
test_passes_for_a_large_parcel if {
	d := decide(bought("DE", "2026-11-20", "150.01 EUR"), today)
	d.status == "pass"
	contains(d.detail, "TARIC")
	contains(d.detail, "No customs duty on a card")
}

# Worked examples of reliefs that stand: the value counts as free, a cent more does not.
test_passes_within_a_relief if {
	every place, price in {"GB": "135.00 GBP", "AU": "1000 AUD", "CA": "20 CAD", "CH": "62.00 CHF", "JP": "10000 JPY", "KR": "150 USD", "SG": "400 SGD", "TW": "2000 TWD", "MY": "500 MYR", "AE": "1000 AED"} {
		d := decide(bought(place, "2026-11-20", price), today)
		d.status == "pass"
		contains(d.detail, "without duty")
	}
}

test_fails_above_a_relief if {
	every place, price in {"GB": "135.01 GBP", "AU": "1000.01 AUD", "CA": "20.01 CAD", "CH": "62.01 CHF", "JP": "10001 JPY", "KR": "150.01 USD", "SG": "400.01 SGD", "TW": "2001 TWD", "MY": "500.01 MYR", "AE": "1000.01 AED"} {
		d := decide(bought(place, "2026-11-20", price), today)
		d.status == "fail"
		contains(d.detail, "above")
	}
}

# Without a price in its currency the limit is told.
test_fails_with_the_limit if {
	d := decide(given.private("GB"), today)
	d.status == "fail"
	contains(d.detail, "135 GBP")
	contains(decide(bought("GB", "2026-11-20", "100 EUR"), today).detail, "135 GBP")
}

# A relief that stands does not depend on when a parcel came in after its first day.
test_a_standing_relief_has_no_day_of_end if {
	q := object.union(bought("AU", "2018-06-20", "99 AUD"), {"purchase": {"entry_date": "2018-06-25"}})
	decide(q, today).status == "pass"
}

entered(origin, day, price) := decide(object.union(bought("US", day, price), {"origin": origin, "purchase": {"entry_date": day}}), today).status

# The United States ended it earlier for goods of China and Hong Kong. What was worth more
# than 800 dollars had none.
test_united_states_by_origin_and_day if {
	entered("TW", "2025-08-28", "799.99 USD") == "pass"
	entered("TW", "2025-08-29", "799.99 USD") == "fail"
	entered("CN", "2025-05-01", "800 USD") == "pass"
	entered("CN", "2025-05-02", "20 USD") == "fail"
	entered("HK", "2025-05-02", "20 USD") == "fail"
	entered("TW", "2025-05-02", "800.01 USD") == "fail"
}

test_united_states_before_the_end_for_all if {
	chinese := object.union(given.private("US"), {"origin": "CN"})
	decide(chinese, "2025-05-01T23:59:59Z").status == "not-applicable"
	decide(chinese, "2025-05-02T00:00:00Z").status == "fail"
	decide(object.union(given.private("US"), {"origin": "TW"}), "2025-08-28T23:59:59Z").status == "not-applicable"
}

test_passes_at_home if {
	decide(object.union(given.private("FR"), {"origin": "FR"}), today).status == "pass"
}

test_not_applicable_elsewhere if decide(given.private("BR"), today).status == "not-applicable"

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
