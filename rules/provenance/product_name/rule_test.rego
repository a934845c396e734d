package gpuaudit.rules.provenance.product_name_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.product_name

card(state) := object.union(
	fixture.facts({"device": {
		"pci": {"vendor_id": "10de", "device_id": "2204"},
		"product_names": [{"source": "nvidia-smi", "value": "NVIDIA GeForce RTX 4090"}],
	}}),
	{"reference": {"names": [{"claim": 0, "state": state, "others": ["10de:2684"]}]}},
)

test_fails_on_the_name_of_another_id if {
	d := product_name.decision with input as card("mismatch")
	d.status == "fail"
	contains(d.detail, "10de:2684")
	d.evidence == ["/device/product_names/0", "/device/pci/device_id"]
}

test_passes_on_its_own_name if {
	d := product_name.decision with input as card("match")
	d.status == "pass"
}

test_not_applicable_on_a_name_of_nobody if {
	d := product_name.decision with input as card("not-covered")
	d.status == "not-applicable"
}

test_not_applicable_to_a_maker_that_names_nothing if {
	d := product_name.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_without_a_name if {
	d := product_name.decision with input as fixture.device({"pci": {"vendor_id": "10de"}})
	d.status == "unknown"
}

test_unknown_without_the_device_id if {
	d := product_name.decision with input as json.remove(card("match"), ["/device/pci/device_id"])
	d.status == "unknown"
}

test_unknown_where_a_name_was_not_compared if {
	d := product_name.decision with input as json.remove(card("match"), ["/reference/names"])
	d.status == "unknown"
}
