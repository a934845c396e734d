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

# Names of the PCI id list, as they are written there.
test_fails_on_every_word_for_a_sample if {
	every name in ["GK107 [GK107-ES-A1]", "GK208 [GK208-ES]", "GM204 [Graphics Device ES-A]", "GA100 [Initial DevID]", "GA104 [Initial Dev ID B]", "GA100 [INT SKU]", "GB100 [Reserved Dev ID A]", "GB6-256(N22W-ES-A1)"] {
		d := engineering_sample.decision with input as fixture.device({"names": {"device": name}})
		d.status == "fail"
	}
}

test_passes_on_products_with_the_letters if {
	every name in ["NVS 510", "Tesla M40", "GeForce RTX 2080", "Rhodes", "PES-1"] {
		d := engineering_sample.decision with input as card(name)
		d.status == "pass"
	}
}
