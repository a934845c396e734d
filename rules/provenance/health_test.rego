package gpuaudit.health_test

import data.gpuaudit.fixture
import data.gpuaudit.health

card(claims) := fixture.device({"health": claims})

test_bad_names_its_source if {
	found := health.bad({"pcie-fatal"}) with input as card([{"kind": "pcie-fatal", "source": "aer", "count": 2}, {"kind": "pcie-fatal", "count": 0}])
	found == [{"pointer": "/device/health/0", "kind": "pcie-fatal", "text": "fatal errors of the PCIe link (2, by aer)"}]
}

test_a_claim_without_a_count_is_not_good if {
	not health.good({"pcie-fatal"}, "/health/pcie") with input as card([{"kind": "pcie-fatal", "count": 0}, {"kind": "pcie-replays"}])
}
