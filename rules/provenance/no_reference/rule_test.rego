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
