package gpuaudit.verdict_test

import data.gpuaudit.verdict

test_keyed_adds_the_key if {
	verdict.keyed(verdict.fail("d", ["/a"]), "k") == {"status": "fail", "detail": "d", "evidence": ["/a"], "key": "k"}
}
