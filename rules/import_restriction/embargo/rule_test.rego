package gpuaudit.rules.import_restriction.embargo_test

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.embargo

decide(question) := d if d := embargo.decision with input as given.asks(given.part(given.rtx4090d), question)

exporting(place) := {"jurisdiction": place, "profile": "exporter"}

# No performance is too low.
test_fails_for_exporters if {
	ru := decide(exporting("RU"))
	ru.status == "fail"
	contains(ru.detail, "746.8")
	contains(ru.detail, "833/2014")
	contains(ru.detail, "SI 2019/855")
	ir := decide(exporting("IR"))
	ir.status == "fail"
	contains(ir.detail, "part 746")
	not contains(ir.detail, "833/2014")
}

test_fails_for_belarus_by_the_union_and_switzerland if {
	d := decide(exporting("BY"))
	d.status == "fail"
	contains(d.detail, "765/2006")
	contains(d.detail, "measures against Belarus")
}

# Syria's embargo was eased, and exceptions are named to whoever asks.
test_fails_for_syria_with_its_exceptions if {
	d := decide(exporting("SY"))
	d.status == "fail"
	contains(d.detail, "740.5")
	not contains(d.detail, "746.2 Cuba")
}

# The embargo of before does not end in a gap.
test_fails_for_syria_on_every_day if {
	every now in ["2025-08-28T00:00:00Z", "2025-09-01T23:59:59Z", "2025-09-02T00:00:00Z"] {
		d := embargo.decision with input as given.at(given.asks(given.part(given.rtx4090d), exporting("SY")), now)
		d.status == "fail"
	}
}

test_passes_elsewhere if decide(exporting("DE")).status == "pass"

test_passes_before_the_embargo if {
	d := embargo.decision with input as given.at(given.asks(given.part(given.rtx4090d), exporting("RU")), "2022-02-23T23:59:59Z")
	d.status == "pass"
}

test_unknown_for_who_lives_there if {
	decide(given.private("IR")).status == "unknown"
	decide({"jurisdiction": "RU", "profile": "company"}).status == "unknown"
	decide({"jurisdiction": "RU"}).status == "unknown"
}

test_unknown_where_a_region_is_meant if {
	d := decide(exporting("UA"))
	d.status == "unknown"
	contains(d.detail, "delivery address")
	private := decide(given.private("UA"))
	private.status == "pass"
	contains(private.detail, "as a whole")
}

# What nobody has read since its suspension ended is neither an embargo nor none.
test_unknown_while_nobody_has_read_what_followed if {
	lapsed := json.patch(restrictions, [{"op": "add", "path": sprintf("/rules/%s/suspended", [id]), "value": {"from": "2026-06-01", "to": "2026-11-09"}} |
		some id, law in restrictions.rules
		"GA-IR-025" in law.judged_by
	])
	d := embargo.decision with input as given.asks(given.part(given.rtx4090d), exporting("RU")) with data.gpuaudit.data.restrictions as lapsed
	d.status == "unknown"
	contains(d.detail, "not verified")
	not embargo.decision.status == "pass" with input as given.asks(given.part(given.rtx4090d), exporting("RU")) with data.gpuaudit.data.restrictions as lapsed
}

test_fails_by_korea_canada_and_australia if {
	d := decide(exporting("RU"))
	every words in ["Annex 2-2", "SOR/2014-58", "F2023L01405"] {
		contains(d.detail, words)
	}
	not contains(decide(exporting("BY")).detail, "F2023L01405")
}

test_unknown_without_the_place if decide({"profile": "exporter"}).status == "unknown"

test_not_applicable_before_anybody_asks if decide({}).status == "not-applicable"
