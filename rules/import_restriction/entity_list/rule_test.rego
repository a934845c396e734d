package gpuaudit.rules.import_restriction.entity_list_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.entity_list

decide(facts) := d if d := entity_list.decision with input as facts

moore := given.made_by("1ed5", {"name": "MTT S4000"})

test_fails_for_a_listed_maker if {
	d := decide(given.asks(moore, given.company))
	d.status == "fail"
	contains(d.detail, "88 FR 71991")
	contains(d.detail, "not legal advice")
	d.key == "us-el-biren-moorethreads"
}

test_fails_for_an_exporter_anywhere if {
	d := decide(given.asks(moore, {"jurisdiction": "DE", "profile": "exporter"}))
	d.status == "fail"
}

test_passes_for_a_maker_that_is_not_listed if {
	d := decide(given.asks(given.part(given.h100), given.exporter))
	d.status == "pass"
	contains(d.detail, "2026-07-31")
}

test_not_applicable_before_anybody_asks if {
	decide(moore).status == "not-applicable"
}

test_not_applicable_elsewhere if {
	decide(given.asks(moore, {"jurisdiction": "DE", "profile": "company"})).status == "not-applicable"
}

test_unknown_without_a_record if {
	d := decide(given.asks(given.made_by("1e36", {"name": "S60 [Enflame]"}), given.company))
	d.status == "unknown"
	contains(d.detail, "no clearance")
}

test_unknown_for_a_maker_that_was_not_searched if {
	d := decide(given.asks(given.made_by("1eed", {"name": "XDX110"}), given.company))
	d.status == "unknown"
}

test_unknown_for_another_product_of_a_listed_maker if {
	bmc := fixture.device({"pci": {"vendor_id": "19e5", "device_id": "1711", "class_code": "030000"}})
	d := decide(given.asks(bmc, given.company))
	d.status == "unknown"
	contains(d.detail, "no known accelerator")
}

test_unknown_before_the_listing if {
	d := decide(given.at(given.asks(moore, given.company), "2023-10-16T00:00:00Z"))
	d.status == "unknown"
}

test_unknown_without_the_maker if {
	d := decide(json.remove(given.asks(moore, given.company), ["/device/pci/vendor_id"]))
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}
