package gpuaudit.rules.provenance.operator_reference_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.operator_reference

matched(kinds) := fixture.facts({"reference": {"firmware": {
	"state": "match",
	"reason": "digest is listed",
	"vouchers": [{"issuer": concat("", ["key of ", kind]), "kind": kind} | some kind in kinds],
}}})

test_fails_with_operators_only if {
	d := operator_reference.decision with input as matched(["operator"])
	d.status == "fail"
	contains(d.detail, "key of operator")
}

test_passes_with_a_vendor_beside if {
	d := operator_reference.decision with input as matched(["operator", "vendor"])
	d.status == "pass"
	d.detail == "The firmware is vouched for by key of vendor."
}

test_not_applicable_without_a_match if {
	d := operator_reference.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_without_vouchers if {
	d := operator_reference.decision with input as matched([])
	d.status == "unknown"
}

test_unknown_without_comparison if {
	d := operator_reference.decision with input as fixture.without("/reference")
	d.status == "unknown"
}
