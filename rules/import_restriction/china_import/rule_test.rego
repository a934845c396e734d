package gpuaudit.rules.import_restriction.china_import_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.china_import

decide(device, question) := d if d := china_import.decision with input as object.union(given.asks(given.part({"name": "part"}), question), {"device": {"pci": {"device_id": device}}})

china := {"jurisdiction": "CN"}

test_fails_for_h20 if {
	d := decide("2329", china)
	d.status == "fail"
	contains(d.detail, "secondary sources only")
}

# The general stop of the H200 ended when the first buyers were approved.
test_fails_for_h200_while_it_was_stopped if {
	at_day("2335", given.h200, "2026-01-14T00:00:00Z").status == "fail"
	at_day("2335", given.h200, "2026-01-27T23:59:59Z").status == "fail"
}

test_unknown_for_h200_since_buyers_are_approved if {
	d := at_day("2335", given.h200, "2026-01-28T00:00:00Z")
	d.status == "unknown"
	contains(d.detail, "approved by name")
	at_day("233b", {"name": "H200 NVL"}, "2026-11-24T00:00:00Z").status == "unknown"
}

# A pass would contradict the reports on checks at the border.
test_unknown_for_parts_that_are_checked if {
	d := at_day("2330", given.h100, "2026-11-24T00:00:00Z")
	d.status == "unknown"
	contains(d.detail, "1979 x 8 = 15832")
	at_day("2684", given.rtx4090, "2026-11-24T00:00:00Z").status == "unknown"
}

test_unknown_without_figures if decide("2330", china).status == "unknown"

test_passes_below_the_limits if {
	d := at_day("2685", given.rtx4090d, "2026-11-24T00:00:00Z")
	d.status == "pass"
	contains(d.detail, "Unpublished orders may exist")
}

test_not_applicable_elsewhere if decide("2329", given.company).status == "not-applicable"

test_passes_before_the_reports if {
	at_day("2329", {"name": "H20"}, "2025-09-01T00:00:00Z").status == "pass"
}

at_day(device, row, now) := d if {
	d := china_import.decision with input as given.at(object.union(given.asks(given.part(row), china), {"device": {"pci": {"device_id": device}}}), now)
}

test_unknown_without_the_part if {
	d := china_import.decision with input as json.remove(given.asks(fixture.base, china), ["/device/pci/device_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/device_id"]
}

test_not_applicable_to_a_part_of_a_chinese_maker if {
	d := china_import.decision with input as object.union(given.asks(given.part({"name": "MTT S80"}), china), {"device": {"pci": {"vendor_id": "1ed5", "device_id": "0201"}}})
	d.status == "not-applicable"
}
