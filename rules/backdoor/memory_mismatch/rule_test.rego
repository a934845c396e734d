package gpuaudit.rules.backdoor.memory_mismatch_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.memory_mismatch

compared(verdict) := fixture.facts({"reference": {"memory": verdict}})

test_fails_on_mismatch if {
	d := memory_mismatch.decision with input as compared({
		"state": "mismatch",
		"reason": "the digest differs",
		"differences": [{"fact": "/x", "expected": "aa", "actual": "bb"}],
	})
	d.status == "fail"
	d.key == "bb"
}

test_passes_on_match if {
	d := memory_mismatch.decision with input as compared({"state": "match", "reason": "the digest is listed"})
	d.status == "pass"
}

test_not_applicable_without_manifest if {
	d := memory_mismatch.decision with input as compared({"state": "not-covered", "reason": "nobody vouches"})
	d.status == "not-applicable"
}

test_unknown_when_unread if {
	d := memory_mismatch.decision with input as compared({"state": "unknown", "reason": "it was not read"})
	d.status == "unknown"
}

test_unknown_without_comparison if {
	d := memory_mismatch.decision with input as fixture.without("/reference")
	d.status == "unknown"
}
