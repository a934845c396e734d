package gpuaudit.rules.provenance.memory_size_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_size

card(mib) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce GTX 750 Ti", "memory_mib": [2048, 4096]}},
	"device": {"memory": [{"source": "driver", "bytes": mib * 1048576}]},
})

test_fails_on_no_factory_size if {
	d := memory_size.decision with input as card(768)
	d.status == "fail"
	contains(d.detail, "2048, 4096 MiB")
}

test_passes_on_a_factory_size if {
	d := memory_size.decision with input as card(4090)
	d.status == "pass"
}

gddr(mib) := fixture.facts({
	"catalogue": {"accelerator": {"name": "L40S", "memory_mib": [49152]}},
	"device": {"memory": [{"source": "nvml", "bytes": mib * 1048576}]},
})

test_passes_on_gddr_with_ecc if {
	d := memory_size.decision with input as gddr(46068)
	d.status == "pass"
}

test_fails_on_less_than_ecc_takes if {
	d := memory_size.decision with input as gddr(45000)
	d.status == "fail"
}

test_not_applicable_on_a_virtual_function if {
	facts := object.union(card(768), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d := memory_size.decision with input as facts
	d.status == "not-applicable"
}

test_unknown_without_factory_sizes if {
	d := memory_size.decision with input as json.remove(card(768), ["/catalogue/accelerator/memory_mib"])
	d.status == "unknown"
	d.missing == ["/catalogue/accelerator/memory_mib"]
}

test_unknown_when_not_read if {
	d := memory_size.decision with input as json.remove(card(768), ["/device/memory"])
	d.status == "unknown"
	d.missing == ["/device/memory"]
}
