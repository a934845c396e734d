package gpuaudit.rules.import_restriction.dod_1260h_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.dod_1260h

decide(facts) := d if d := dod_1260h.decision with input as facts

baidu := given.made_by("1d22", {"name": "Kunlun AI Accelerator"})

test_fails_for_a_listed_maker if {
	d := decide(given.asks(baidu, given.contractor))
	d.status == "fail"
	contains(d.detail, "91 FR 35189")
}

test_passes_for_a_maker_that_is_not_listed if {
	decide(given.asks(given.part(given.h100), given.contractor)).status == "pass"
}

test_not_applicable_to_others if {
	decide(given.asks(baidu, given.company)).status == "not-applicable"
}

test_not_applicable_before_the_ban if {
	decide(given.at(given.asks(baidu, given.contractor), "2026-06-29T00:00:00Z")).status == "not-applicable"
}

test_unknown_without_a_record if {
	d := decide(given.asks(given.made_by("1ed5", {"name": "MTT S4000"}), given.contractor))
	d.status == "unknown"
}

test_unknown_without_the_maker if {
	d := decide(json.remove(given.asks(baidu, given.contractor), ["/device/pci/vendor_id"]))
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}
