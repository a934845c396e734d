package gpuaudit.rules.provenance.no_reference_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.no_reference

compared(verdict) := fixture.facts({"reference": {"firmware": verdict}})

test_fails_when_nobody_vouches if {
	d := no_reference.decision with input as compared({"state": "not-covered", "reason": "no manifest covers this device"})
	d.status == "fail"
	contains(d.detail, "Nobody vouches")
	not contains(d.detail, "mismatch")
}

test_passes_when_vouched_for if {
	d := no_reference.decision with input as compared({"state": "match", "reason": "digest is listed"})
	d.status == "pass"
}

test_not_applicable_on_mismatch if {
	d := no_reference.decision with input as compared({"state": "mismatch", "reason": "digest differs"})
	d.status == "not-applicable"
}

test_unknown_when_unread if {
	d := no_reference.decision with input as compared({"state": "unknown", "reason": "the ROM was not read"})
	d.status == "unknown"
}

test_unknown_without_comparison if {
	d := no_reference.decision with input as fixture.without("/reference")
	d.status == "unknown"
}

test_says_since_when_where_an_operator_vouches if {
	d := no_reference.decision with input as compared({
		"state": "match", "reason": "digest is listed",
		"vouchers": [{"kind": "operator", "issuer": "baseline", "issued": "2026-11-24"}],
	})
	d.status == "pass"
	d.detail == "Unchanged since 2026-11-24, by baseline. Nobody says that it is the maker's."
}

test_names_the_vendor_where_one_vouches if {
	d := no_reference.decision with input as compared({
		"state": "match", "reason": "digest is listed",
		"vouchers": [{"kind": "operator", "issuer": "baseline"}, {"kind": "vendor", "issuer": "maker"}],
	})
	d.status == "pass"
	not contains(d.detail, "Unchanged")
}

without_rom := object.union(fixture.romless, {"reference": {"firmware": {"state": "not-covered", "reason": "no manifest"}}})

# Nobody has to vouch for what is not there.
test_not_applicable_to_graphics_of_a_processor if {
	d := no_reference.decision with input as object.union(without_rom, {"device": {"address": "0000:00:02.0", "pci": {"vendor_id": "8086"}}})
	d.status == "not-applicable"
}

test_fails_on_a_card_without_a_window_for_its_rom if {
	d := no_reference.decision with input as without_rom
	d.status == "fail"
}
