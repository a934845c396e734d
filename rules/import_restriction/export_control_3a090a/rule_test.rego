package gpuaudit.rules.import_restriction.export_control_3a090a_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.export_control_3a090a

decide(row, question) := d if d := export_control_3a090a.decision with input as given.asks(given.part(row), question)

# The worked examples.
test_fails_for_a100 if {
	d := decide(given.a100, given.exporter)
	d.status == "fail"
	contains(d.detail, "TPP = 312 x 16 = 4992; performance density = 4992 / 826 mm2 = 6.04")
	contains(d.detail, "BIS, ECCN 3A090.a")
	contains(d.detail, "not legal advice")
}

test_fails_for_h100 if decide(given.h100, given.exporter).status == "fail"

test_fails_for_rtx4090_though_a_consumer_part if decide(given.rtx4090, given.exporter).status == "fail"

test_fails_for_l40s if decide(given.l40s, given.exporter).status == "fail"

test_fails_in_china_for_every_company if {
	decide(given.h100, {"jurisdiction": "CN", "profile": "company"}).status == "fail"
	decide(given.h100, {"jurisdiction": "HK", "profile": "company"}).status == "fail"
}

# He exports nothing.
test_not_applicable_to_a_private_owner_in_china if {
	decide(given.h100, {"jurisdiction": "CN", "profile": "private"}).status == "not-applicable"
}

# For one of two profiles it is restricted, and nobody said which.
test_unknown_side_by_side if {
	d := decide(given.h100, {"jurisdiction": "CN"})
	d.status == "unknown"
	d.missing == ["/question/profile"]
	contains(d.detail, "For a company, and nobody said who uses the device: ")
	contains(d.detail, "A private person: Using the card is free")
}

test_fails_at_the_boundary if decide(given.stated("x", "consumer", 4800, 609), given.exporter).status == "fail"

test_passes_below_the_boundary if decide(given.stated("x", "consumer", 4799.99, 609), given.exporter).status == "pass"

test_passes_for_h20 if {
	d := decide(given.h20, given.exporter)
	d.status == "pass"
	contains(d.detail, "2.91")
}

test_passes_for_rtx4090d_by_the_consumer_note if {
	d := decide(given.rtx4090d, given.exporter)
	d.status == "pass"
	contains(d.detail, "Note 2 to 3A090")
}

test_not_applicable_to_use_at_home if decide(given.h100, given.company).status == "not-applicable"

test_not_applicable_before_anybody_asks if decide(given.h100, {}).status == "not-applicable"

test_not_applicable_before_the_rule if {
	d := export_control_3a090a.decision with input as given.at(given.asks(given.part(given.h100), given.exporter), "2023-11-16T00:00:00Z")
	d.status == "not-applicable"
	contains(d.detail, "Not in force on 2023-11-16")
}

test_unknown_without_figures if {
	d := decide({"name": "H800"}, given.exporter)
	d.status == "unknown"
	"/catalogue/accelerator/tpp" in d.missing
}

test_unknown_without_the_market if {
	d := decide(given.stated("RTX 5880 Ada Generation", null, 4434, 609), given.exporter)
	d.status == "unknown"
	d.missing == ["/catalogue/accelerator/market"]
}

test_unknown_outside_the_catalogue if {
	d := export_control_3a090a.decision with input as given.asks(fixture.base, given.exporter)
	d.status == "unknown"
}

test_fails_for_a_company_where_the_control_is_applied if {
	every place in ["CN", "HK", "MO", "VN", "RU", "CU"] {
		decide(given.h100, {"jurisdiction": place, "profile": "company"}).status == "fail"
	}
}

test_unknown_for_an_exporter_to_a_place_where_it_is_not_applied if {
	every place in ["GB", "DE", "EU", "JP", "KR", "TW", "IN", "IL", "MY"] {
		decide(given.h100, {"jurisdiction": place, "profile": "exporter"}).status == "unknown"
	}
}

test_not_applicable_to_a_company_where_it_is_not_applied if {
	decide(given.h100, {"jurisdiction": "DE", "profile": "company"}).status == "not-applicable"
}
