package gpuaudit.rules.import_restriction.end_use_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.end_use

decide(question, now) := d if d := end_use.decision with input as given.at(given.asks(given.part(given.h100), question), now)

today := "2026-11-24T00:00:00Z"

# What somebody else does with a part is no fault of the part.
test_fails_never if {
	decide(given.exporter, today).status != "fail"
}

test_passes_with_a_statement_on_record if {
	d := decide(object.union(given.exporter, {"purchase": {"end_use_sha256": "ab"}}), today)
	d.status == "pass"
	contains(d.detail, "sha256:ab")
}

test_not_applicable_to_use_at_home if {
	decide(given.company, today).status == "not-applicable"
}

test_not_applicable_before_the_laws if {
	decide(given.exporter, "2022-10-06T23:59:59Z").status == "not-applicable"
}

test_unknown_for_exporters if {
	d := decide(given.exporter, today)
	d.status == "unknown"
	contains(d.detail, "needs a human")
	contains(d.detail, "15 CFR 744.23")
}

test_unknown_in_china_for_companies if {
	decide({"jurisdiction": "CN", "profile": "company"}, today).status == "unknown"
	decide({"jurisdiction": "HK", "profile": "company"}, today).status == "unknown"
	decide({"jurisdiction": "CN", "profile": "private"}, today).status == "not-applicable"
}

test_unknown_in_the_union if {
	d := decide({"jurisdiction": "FR", "profile": "exporter"}, today)
	d.status == "unknown"
	contains(d.detail, "2021/821")
}

test_unknown_without_the_place if {
	d := decide({"profile": "exporter"}, today)
	d.status == "unknown"
	d.missing == ["/question/jurisdiction"]
}
