package gpuaudit.rules.import_restriction.informed_letters_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.informed_letters

decide(facts, question) := d if d := informed_letters.decision with input as given.asks(facts, question)

china := {"jurisdiction": "CN", "profile": "exporter"}

test_fails_for_named_parts if {
	d := decide(given.numbered("2329", given.h20), china)
	d.status == "fail"
	contains(d.detail, "2025-04-09")
	decide(object.union(given.part({"name": "Instinct MI308X"}), {"device": {"pci": {"vendor_id": "1002", "device_id": "74a2"}}}), {"jurisdiction": "MO", "profile": "exporter"}).status == "fail"
}

test_passes_below_the_limit if {
	decide(given.part(given.dense("x", "consumer", 100, 8, 300, 1399)), china).status == "pass"
}

test_not_applicable_above_3a090 if decide(given.part(given.h100), china).status == "not-applicable"

test_not_applicable_to_use if decide(given.numbered("2329", given.h20), {"jurisdiction": "CN", "profile": "company"}).status == "not-applicable"

test_not_applicable_elsewhere if decide(given.numbered("2329", given.h20), given.exporter).status == "not-applicable"

test_not_applicable_before_the_letters if {
	d := informed_letters.decision with input as given.at(given.asks(given.numbered("2329", given.h20), china), "2025-04-08T23:59:59Z")
	d.status == "not-applicable"
}

test_unknown_at_the_limit if {
	d := decide(given.part(given.dense("x", "data-centre", 100, 8, 300, 1400)), china)
	d.status == "unknown"
	contains(d.detail, "memory bandwidth 1400 GB/s")
}

# A data-centre part may have the interconnect that the letters are reported to catch.
test_unknown_for_a_data_centre_part_below if {
	decide(given.part(given.dense("x", "data-centre", 100, 8, 300, 300)), china).status == "unknown"
}

test_unknown_without_the_bandwidth if {
	d := decide(given.part({"name": "x"}), china)
	d.status == "unknown"
	d.missing == ["/catalogue/accelerator/bandwidth_gbs"]
}
