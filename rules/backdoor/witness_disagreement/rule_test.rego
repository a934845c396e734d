package gpuaudit.rules.backdoor.witness_disagreement_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.witness_disagreement

test_fails_on_disagreement if {
	d := witness_disagreement.decision with input as fixture.device({"witnesses": [{"name": "ghw", "disagreements": [{
		"fact": "/pci/vendor_id",
		"ours": "10de",
		"theirs": "1002",
	}]}]})
	d.status == "fail"
	d.key == "/pci/vendor_id"
}

test_passes_on_agreement if {
	d := witness_disagreement.decision with input as fixture.facts({})
	d.status == "pass"
}

test_unknown_without_witness if {
	d := witness_disagreement.decision with input as fixture.without("/device/witnesses")
	d.status == "unknown"
}

test_unknown_with_silent_witness if {
	d := witness_disagreement.decision with input as fixture.device({"gaps": [{"fact": "/witnesses/ghw", "source": "sys", "reason": "io-error"}]})
	d.status == "unknown"
}
