package gpuaudit.rules.provenance.link_corrections_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.link_corrections

card(kind, n) := fixture.device({"health": [{"kind": kind, "source": "test", "count": n}]})

test_fails_on_replays if {
	d := link_corrections.decision with input as card("pcie-replays", 150)
	d.status == "fail"
	contains(d.detail, "150")
}

test_passes_on_zero if {
	d := link_corrections.decision with input as card("pcie-correctable", 0)
	d.status == "pass"
}

test_unknown_when_nobody_counted if {
	d := link_corrections.decision with input as card("pcie-fatal", 0)
	d.status == "unknown"
}
