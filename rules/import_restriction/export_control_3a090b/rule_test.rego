package gpuaudit.rules.import_restriction.export_control_3a090b_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.export_control_3a090b

decide(row, question) := d if d := export_control_3a090b.decision with input as given.asks(given.part(row), question)

test_fails_for_l40 if {
	d := decide(given.l40, given.exporter)
	d.status == "fail"
	contains(d.detail, "TPP = 362 x 8 = 2896; performance density = 2896 / 609 mm2 = 4.76")
}

test_fails_in_the_emirates if decide(given.l40, {"jurisdiction": "AE", "profile": "company"}).status == "fail"

# 2368 is below 2400, and 2.91 below 3.2.
test_passes_for_h20 if decide(given.h20, given.exporter).status == "pass"

test_passes_for_a_consumer_part if decide(given.rtx4090d, given.exporter).status == "pass"

test_not_applicable_where_a_precedes if decide(given.h100, given.exporter).status == "not-applicable"

test_not_applicable_to_use_at_home if decide(given.l40, given.company).status == "not-applicable"

test_not_applicable_before_the_rule if {
	d := export_control_3a090b.decision with input as given.at(given.asks(given.part(given.l40), given.exporter), "2023-11-16T00:00:00Z")
	d.status == "not-applicable"
}

test_unknown_without_the_die if {
	d := decide(object.remove(given.l40, ["die_mm2"]), given.exporter)
	d.status == "unknown"
	"/catalogue/accelerator/die_mm2" in d.missing
}

test_unknown_outside_the_catalogue if {
	d := export_control_3a090b.decision with input as given.asks(fixture.base, given.exporter)
	d.status == "unknown"
}

test_not_applicable_before_anybody_asks if decide(given.l40, {}).status == "not-applicable"

test_not_applicable_without_the_profile if {
	d := decide(given.l40, {"jurisdiction": "US"})
	d.status == "not-applicable"
	contains(d.detail, "give --profile")
}

test_unknown_in_the_emirates_without_the_profile if {
	d := decide(given.l40, {"jurisdiction": "AE"})
	d.status == "unknown"
	d.missing == ["/question/profile"]
}

test_fails_for_a_company_where_the_control_is_applied if {
	every place in ["CN", "HK", "MO", "AE", "RU", "CU"] {
		decide(given.l40, {"jurisdiction": place, "profile": "company"}).status == "fail"
	}
}

test_unknown_for_an_exporter_to_a_place_where_it_is_not_applied if {
	every place in ["GB", "DE", "EU", "JP", "KR", "TW", "IN", "IL", "MY"] {
		decide(given.l40, {"jurisdiction": place, "profile": "exporter"}).status == "unknown"
	}
}

test_not_applicable_to_a_company_where_it_is_not_applied if {
	decide(given.l40, {"jurisdiction": "DE", "profile": "company"}).status == "not-applicable"
}
