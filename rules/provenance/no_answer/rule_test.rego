package gpuaudit.rules.provenance.no_answer_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.no_answer

silent(state) := fixture.device({"pci": {
	"power_state": state,
	"config": {"bytes_read": 256, "size": 4096, "capabilities": [], "faults": [{"kind": "no-answer", "offset": 0, "detail": "all ones"}]},
}})

told := {"health": [{"kind": "no-answer", "source": "lspci", "count": 1}]}

test_fails_when_awake if {
	d := no_answer.decision with input as silent("D0")
	d.status == "fail"
	d.evidence == ["/device/pci/config/faults/0", "/device/pci/power_state"]
}

test_unknown_when_asleep if {
	d := no_answer.decision with input as silent("D3cold")
	d.status == "unknown"
}

test_unknown_when_another_program_got_none if {
	d := no_answer.decision with input as fixture.device(told)
	d.status == "unknown"
	contains(d.detail, "by lspci")
}

test_passes_when_it_answers if {
	d := no_answer.decision with input as fixture.facts({})
	d.status == "pass"
}

test_unknown_when_not_read if {
	d := no_answer.decision with input as fixture.without("/device/pci/config")
	d.status == "unknown"
	"/device/pci/config" in d.missing
}
