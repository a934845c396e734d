package gpuaudit.rules.backdoor.gpu_measurements_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.gpu_measurements as rule

test_fails_on_a_difference if {
	d := rule.decision with input as fixture.proven({"outcome": "genuine-differs", "state": "failed", "differences": [{"index": 9, "name": "Measurement_9", "code": "value", "cause": "known after a reboot", "next": "reset"}]})
	d.status == "fail"
	d.key == "Measurement_9"
	contains(d.detail, "known after a reboot")
}

test_passes_where_all_is_as_stated if {
	d := rule.decision with input as fixture.proven({})
	d.status == "pass"
	contains(d.detail, "12")
}

test_unknown_where_a_check_is_open if {
	d := rule.decision with input as fixture.proven({"state": "unproven"})
	d.status == "unknown"
}

test_unknown_where_nothing_was_compared if {
	d := rule.decision with input as fixture.proven({"manifests": []})
	d.status == "unknown"
	e := rule.decision with input as fixture.proven({"manifests": [{"kind": "vbios", "outcome": "genuine-and-matches", "compared": 0, "matched": 0}]})
	e.status == "unknown"
}

test_unknown_without_a_manifest_that_is_named if {
	d := rule.decision with input as fixture.proven({"outcome": "genuine-no-reference", "state": "unproven", "manifests": [{"kind": "driver", "id": "NV_GPU_DRIVER_GH100_590.12", "outcome": "genuine-no-reference", "compared": 0, "matched": 0}]})
	d.status == "unknown"
	contains(d.detail, "NV_GPU_DRIVER_GH100_590.12")
}

test_unknown_when_it_did_not_answer if {
	d := rule.decision with input as fixture.unproven({})
	d.status == "unknown"
}

test_not_applicable_when_nobody_asked if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

own := {"reference": {"measurements": {"state": "match", "reason": "as stated", "vouchers": [{"manifest": "ab", "name": "m.json", "issuer": "fleet", "kind": "operator", "version": "", "issued": "2026-11-24"}]}}}

without_manifest := {"outcome": "genuine-no-reference", "state": "unproven", "manifests": [{"kind": "driver", "id": "NV_GPU_DRIVER_GH100_590.12", "outcome": "genuine-no-reference", "compared": 0, "matched": 0}]}

checked(list) := object.union(without_manifest, {"checks": list})

signed := [{"name": "spdm-signature", "status": "pass"}, {"name": "firmware-id", "status": "unknown", "code": "not-reported"}, {"name": "driver-manifest", "status": "unknown", "code": "no-reference"}, {"name": "driver-measurements", "status": "unknown", "code": "not-reached"}, {"name": "manifests-disjoint", "status": "unknown", "code": "not-reached"}]

test_passes_where_nothing_changed_and_the_maker_publishes_nothing if {
	d := rule.decision with input as object.union(fixture.proven(checked(signed)), own)
	d.status == "pass"
	contains(d.detail, "Unchanged since 2026-11-24, by fleet")
	contains(d.detail, "NV_GPU_DRIVER_GH100_590.12")
	contains(d.detail, "Nobody says")
}

test_the_maker_s_word_counts_before_ones_own if {
	d := rule.decision with input as object.union(fixture.proven({"outcome": "genuine-differs", "state": "failed", "differences": [{"index": 9, "name": "Measurement_9", "code": "value", "cause": "none", "next": "ask"}]}), own)
	d.status == "fail"
}

test_unknown_where_something_else_is_open if {
	every open in [
		{"name": "spdm-nonce", "status": "unknown", "code": "no-nonce"},
		{"name": "device-revocation", "status": "unknown", "code": "stale"},
		{"name": "measurement-manifest", "status": "unknown", "code": "unsupported"},
		{"name": "driver-manifest", "status": "fail", "code": "digest"},
	] {
		d := rule.decision with input as object.union(fixture.proven(checked(array.concat(signed, [open]))), own)
		d.status == "unknown"
	}
}

test_unknown_without_checks if {
	d := rule.decision with input as object.union(fixture.proven(checked([])), own)
	d.status == "unknown"
}

test_unknown_where_ones_own_differs if {
	d := rule.decision with input as object.union(fixture.proven(checked(signed)), {"reference": {"measurements": {"state": "mismatch", "reason": "at index 9", "vouchers": own.reference.measurements.vouchers}}})
	d.status == "unknown"
}

test_unknown_where_nobody_is_named if {
	d := rule.decision with input as object.union(fixture.proven(checked(signed)), {"reference": {"measurements": {"state": "match", "reason": "as stated", "vouchers": []}}})
	d.status == "unknown"
}
