package gpuaudit.rules.provenance.link_errors_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.link_errors

card(fatal, nonfatal) := fixture.device({"health": [
	{"kind": "pcie-fatal", "source": "aer_dev_fatal", "count": fatal},
	{"kind": "pcie-nonfatal", "source": "aer_dev_nonfatal", "count": nonfatal},
]})

test_fails_on_either if {
	fatal := link_errors.decision with input as card(1, 0)
	fatal.status == "fail"
	fatal.key == "pcie-fatal"
	other := link_errors.decision with input as card(0, 5)
	other.status == "fail"
	other.evidence == ["/device/health/1"]
}

test_passes_on_zero if {
	d := link_errors.decision with input as card(0, 0)
	d.status == "pass"
}

test_unknown_when_one_is_not_counted if {
	d := link_errors.decision with input as json.remove(card(0, 0), ["/device/health/1/count"])
	d.status == "unknown"
}

test_unknown_when_nobody_counted if {
	d := link_errors.decision with input as fixture.facts({})
	d.status == "unknown"
	d.missing == ["/device/health/pcie"]
}
