package gpuaudit.rules.backdoor.place_mismatch_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.place_mismatch

compared(verdict) := fixture.facts({"reference": {"place": verdict}})

test_fails_on_mismatch if {
	d := place_mismatch.decision with input as compared({
		"state": "mismatch",
		"reason": "the digest differs",
		"differences": [{"fact": "/x", "expected": "aa", "actual": "bb"}],
	})
	d.status == "fail"
	d.key == "bb"
}

test_passes_on_match if {
	d := place_mismatch.decision with input as compared({"state": "match", "reason": "the digest is listed"})
	d.status == "pass"
}

test_not_applicable_without_manifest if {
	d := place_mismatch.decision with input as compared({"state": "not-covered", "reason": "nobody vouches"})
	d.status == "not-applicable"
}

test_unknown_when_unread if {
	d := place_mismatch.decision with input as compared({"state": "unknown", "reason": "it was not read"})
	d.status == "unknown"
}

test_unknown_without_comparison if {
	d := place_mismatch.decision with input as fixture.without("/reference")
	d.status == "unknown"
}
