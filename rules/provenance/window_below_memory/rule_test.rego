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

# offering is a card of a fixed window that offers these sizes, in MiB.
offering(sizes, memory_mib) := object.union(card(256, memory_mib), {"device": {"pci": {"vendor_id": "10de", "config": {"resizable": [
	{"index": 0, "bytes": [16777216]},
	{"index": 1, "bytes": [bytes | some size in sizes; bytes := size * 1048576]},
]}}}})

to_8_gib := [64, 128, 256, 512, 1024, 2048, 4096, 8192]

test_fails_above_all_that_is_offered if {
	d := window_below_memory.decision with input as offering(to_8_gib, 16311)
	d.status == "fail"
	d.evidence == ["/device/pci/config/resizable", "/device/memory"]
}

test_not_applicable_within_what_is_offered if {
	d := window_below_memory.decision with input as offering(to_8_gib, 8188)
	d.status == "not-applicable"
}

test_nothing_follows_from_one_size if {
	d := window_below_memory.decision with input as offering([8192], 16311)
	d.status == "not-applicable"
}

test_nothing_follows_from_old_firmware if {
	d := window_below_memory.decision with input as offering([64, 128, 256], 24576)
	d.status == "not-applicable"
}

test_nothing_follows_in_a_guest if {
	d := window_below_memory.decision with input as object.union(offering(to_8_gib, 16311), {"host": {"dmi": {"system_vendor": "QEMU"}}})
	d.status == "not-applicable"
}

test_nothing_follows_of_another_maker if {
	d := window_below_memory.decision with input as object.union(offering(to_8_gib, 16311), {"device": {"pci": {"vendor_id": "1002"}}})
	d.status == "not-applicable"
}

test_nothing_follows_in_the_machines_memory if {
	d := window_below_memory.decision with input as object.union(offering(to_8_gib, 16311), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

test_nothing_follows_where_a_guest_is_not_known if {
	d := window_below_memory.decision with input as json.remove(offering(to_8_gib, 16311), ["/host/dmi/system_vendor"])
	d.status == "not-applicable"
}
