package gpuaudit.rules.provenance.window_below_memory_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.window_below_memory

card(window_mib, memory_mib) := object.union(fixture.facts({"catalogue": {"accelerator": {"memory_mib": [24576]}}}), {"device": {
	"pci": {"bars": [
		{"index": 0, "bytes": 16777216, "kind": "memory", "prefetchable": false, "is_64bit": false},
		{"index": 1, "bytes": window_mib * 1048576, "kind": "memory", "prefetchable": true, "is_64bit": true},
	]},
	"memory": [{"source": "driver", "bytes": memory_mib * 1048576}],
}})

test_fails_when_the_window_ends_early if {
	d := window_below_memory.decision with input as card(32768, 49140)
	d.status == "fail"
}

test_passes_when_the_window_covers_the_memory if {
	d := window_below_memory.decision with input as card(32768, 24564)
	d.status == "pass"
}

test_not_applicable_without_resizing if {
	d := window_below_memory.decision with input as card(256, 49140)
	d.status == "not-applicable"
}

test_unknown_without_memory if {
	d := window_below_memory.decision with input as json.remove(card(32768, 49140), ["/device/memory"])
	d.status == "unknown"
	d.missing == ["/device/memory"]
}

test_unknown_without_windows if {
	d := window_below_memory.decision with input as json.remove(card(32768, 49140), ["/device/pci/bars"])
	d.status == "unknown"
}

test_passes_on_a_factory_size if {
	d := window_below_memory.decision with input as object.union(card(16384, 32752), {"catalogue": {"accelerator": {"memory_mib": [16384, 32768]}}})
	d.status == "pass"
}

test_not_applicable_on_a_share if {
	d := window_below_memory.decision with input as object.union(card(8192, 12288), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d.status == "not-applicable"
}

test_unknown_without_factory_sizes if {
	d := window_below_memory.decision with input as json.remove(card(16384, 32752), ["/catalogue/accelerator/memory_mib"])
	d.status == "unknown"
}
