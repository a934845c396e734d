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
