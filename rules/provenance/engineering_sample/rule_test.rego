package gpuaudit.rules.provenance.engineering_sample_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.engineering_sample

card(name) := fixture.facts({"catalogue": {"accelerator": {"name": name}}})

test_fails if {
	d := engineering_sample.decision with input as card("MTT S80 Engineering Sample")
	d.status == "fail"
}

test_fails_by_the_id_list if {
	d := engineering_sample.decision with input as fixture.device({"names": {"device": "G80 Engineering Sample"}})
	d.status == "fail"
}

test_passes if {
	d := engineering_sample.decision with input as card("MTT S80")
	d.status == "pass"
}

test_not_applicable_where_no_list_names_it if {
	d := engineering_sample.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_without_the_device_id if {
	d := engineering_sample.decision with input as fixture.without("/device/pci/device_id")
	d.status == "unknown"
}
