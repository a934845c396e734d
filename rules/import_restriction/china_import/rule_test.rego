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

test_fails_for_h200 if decide("2335", china).status == "fail"

test_passes_for_others if decide("2330", china).status == "pass"

test_not_applicable_elsewhere if decide("2329", given.company).status == "not-applicable"

test_not_applicable_before_the_reports if {
	d := china_import.decision with input as given.at(given.asks(object.union(given.part({}), {"device": {"pci": {"device_id": "2329"}}}), china), "2025-09-01T00:00:00Z")
	d.status == "not-applicable"
}

test_unknown_without_the_part if {
	d := china_import.decision with input as json.remove(given.asks(fixture.base, china), ["/device/pci/device_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/device_id"]
}
