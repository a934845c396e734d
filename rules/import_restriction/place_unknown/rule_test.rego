package gpuaudit.rules.import_restriction.place_unknown_test

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.place_unknown

decide(question) := d if d := place_unknown.decision with input as given.asks(given.part(given.h100), question)

test_fails_where_nothing_is_known if {
	d := decide(given.private("BR"))
	d.status == "fail"
	contains(d.detail, "No rule of BR is known")
	contains(d.detail, "not that there is none")
	decide(given.private("NZ")).status == "fail"
}

# What is written down from memory is not known.
test_fails_where_all_is_from_memory if {
	off := json.patch(restrictions, [{"op": "replace", "path": sprintf("/rules/%s/enabled", [id]), "value": false} | some id, law in restrictions.rules; law.jurisdiction == "KR"])
	d := place_unknown.decision with input as given.asks(given.part(given.h100), given.private("KR")) with data.gpuaudit.data.restrictions as off
	d.status == "fail"
}

test_passes_where_product_law_or_a_parcel_rule_is_known if {
	every place in ["KR", "AE", "SG", "CA", "AU", "CH", "JP", "TW", "HK"] {
		decide(given.private(place)).status == "pass"
	}
}

test_passes_where_something_is_known if {
	d := decide(given.private("DE"))
	d.status == "pass"
	contains(d.detail, "market-access")
	decide(given.private("GB")).status == "pass"
	decide(given.private("RU")).status == "pass"
}

test_passes_without_a_rest_where_each_kind_is_known if {
	d := decide(given.private("US"))
	d.status == "pass"
	contains(d.detail, "of every kind")
	not contains(d.detail, "none about")
}

test_not_applicable_before_anybody_asks if decide({}).status == "not-applicable"

test_unknown_without_the_place if decide({"profile": "exporter"}).status == "unknown"

# That a place keeps parts from another says nothing of buying and using one in it.
test_fails_where_rules_lead_elsewhere_alone if {
	outward := json.patch(restrictions, [{"op": "remove", "path": "/rules/jp-low-value-imports"}])
	d := place_unknown.decision with input as given.asks(given.part(given.h100), given.private("JP")) with data.gpuaudit.data.restrictions as outward
	d.status == "fail"
	contains(d.detail, "keep parts from")
}

# A law of the place on parts, wherever they are from, says something of one in it.
test_passes_where_a_law_of_its_own_is_on_parts if decide(given.private("MY")).status == "pass"
