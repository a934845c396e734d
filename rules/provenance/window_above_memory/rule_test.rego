package gpuaudit.rules.provenance.window_above_memory_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.window_above_memory

card(window_mib, sizes) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce RTX 4090", "memory_mib": sizes, "memory_complete": true}},
	"device": {"pci": {"vendor_id": "10de", "device_id": "2684", "bars": [
		{"index": 0, "bytes": 16777216, "kind": "memory", "prefetchable": false, "is_64bit": false},
		{"index": 1, "bytes": window_mib * 1048576, "kind": "memory", "prefetchable": true, "is_64bit": true},
	]}},
})

test_fails_above_the_next_power_of_two if {
	d := window_above_memory.decision with input as card(65536, [24576])
	d.status == "fail"
	d.key == "65536"
}

test_passes_up_to_the_next_power_of_two if {
	every pair in [[32768, 24576], [65536, 46068], [262144, 190464], [16384, 16384], [256, 128], [16, 24576]] {
		d := window_above_memory.decision with input as card(pair[0], [pair[1]])
		d.status == "pass"
	}
}

test_unknown_where_the_list_may_lack_sizes if {
	d := window_above_memory.decision with input as json.remove(card(65536, [24576]), ["/catalogue/accelerator/memory_complete"])
	d.status == "unknown"
}

test_unknown_for_a_maker_whose_windows_show_more if {
	d := window_above_memory.decision with input as object.union(card(65536, [24576]), {"device": {"pci": {"vendor_id": "1da3"}}})
	d.status == "unknown"
}

test_unknown_without_factory_sizes if {
	d := window_above_memory.decision with input as json.remove(card(65536, [24576]), ["/catalogue/accelerator/memory_mib"])
	d.status == "unknown"
}

test_unknown_without_windows if {
	d := window_above_memory.decision with input as json.remove(card(65536, [24576]), ["/device/pci/bars"])
	d.status == "unknown"
	d.missing == ["/device/pci/bars"]
}

test_not_applicable_on_a_share if {
	d := window_above_memory.decision with input as object.union(card(65536, [24576]), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d.status == "not-applicable"
}

test_not_applicable_with_the_machines_memory if {
	d := window_above_memory.decision with input as object.union(card(65536, [24576]), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

test_passes_where_a_manifest_states_the_windows if {
	facts := json.remove(card(65536, [24576]), ["/catalogue/accelerator/memory_complete"])
	d := window_above_memory.decision with input as object.union(facts, {"reference": {"windows": {"state": "match", "reason": "stated"}}})
	d.status == "pass"
}

# What the driver states outweighs a window that firmware may set as it likes.
test_unknown_where_the_driver_states_a_factory_size if {
	d := window_above_memory.decision with input as object.union(card(65536, [24576]), {"device": {"memory": [{"source": "nvml", "bytes": 24564 * 1048576}]}})
	d.status == "unknown"
	contains(d.detail, "24564 MiB (nvml)")
}

test_fails_where_the_driver_states_more if {
	every memory in [[49140], [24564, 49140]] {
		d := window_above_memory.decision with input as object.union(card(65536, [24576]), {"device": {"memory": [{"source": "nvml", "bytes": m * 1048576} | some m in memory]}})
		d.status == "fail"
	}
}

test_unknown_on_a_part_for_mining if {
	d := window_above_memory.decision with input as object.union(card(65536, [8192]), {"catalogue": {"accelerator": {"form": "mining"}}})
	d.status == "unknown"
}
