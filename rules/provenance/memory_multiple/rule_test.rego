package gpuaudit.rules.provenance.memory_multiple_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_multiple

# A GeForce RTX 4090 has 24 GiB and no other factory size.
card(mib) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce RTX 4090", "memory_mib": [24576]}},
	"device": {"memory": [{"source": "driver", "bytes": mib * 1048576}]},
})

test_fails_on_twice_the_memory if {
	d := memory_multiple.decision with input as card(49140)
	d.status == "fail"
	contains(d.detail, "49140 MiB is 2 times 24576 MiB")
}

test_fails_on_four_times_the_memory if {
	d := memory_multiple.decision with input as card(98304)
	d.status == "fail"
}

test_passes_on_a_little_less_than_nominal if {
	d := memory_multiple.decision with input as card(24564)
	d.status == "pass"
}

# Another size is the business of GA-PR-009.
test_passes_on_three_times_the_memory if {
	d := memory_multiple.decision with input as card(73728)
	d.status == "pass"
}

# More than the nominal multiple is no driver's figure for exchanged chips.
test_passes_above_the_multiple if {
	d := memory_multiple.decision with input as card(49153)
	d.status == "pass"
}

# 4, 8 and 16 GiB were all made: 16 is no multiple then.
test_passes_on_a_larger_factory_size if {
	facts := json.patch(card(16384), [{"op": "replace", "path": "/catalogue/accelerator/memory_mib", "value": [4096, 8192, 16384]}])
	d := memory_multiple.decision with input as facts
	d.status == "pass"
}

test_not_applicable_without_factory_sizes if {
	d := memory_multiple.decision with input as json.remove(card(49140), ["/catalogue/accelerator/memory_mib"])
	d.status == "not-applicable"
}

test_not_applicable_on_a_virtual_function if {
	facts := object.union(card(12288), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d := memory_multiple.decision with input as facts
	d.status == "not-applicable"
}

test_unknown_when_not_read if {
	d := memory_multiple.decision with input as json.remove(card(49140), ["/device/memory"])
	d.status == "unknown"
	d.missing == ["/device/memory"]
}

test_unknown_when_a_source_was_not_read if {
	facts := object.union(card(24576), {"device": {"gaps": [{"fact": "/memory", "source": "nvml", "reason": "permission"}]}})
	d := memory_multiple.decision with input as facts
	d.status == "unknown"
}
