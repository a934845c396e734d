package gpuaudit.rules.provenance.memory_multiple_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_multiple

card(mib) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce RTX 4090", "memory_mib": [24576], "memory_complete": true}},
	"device": {"pci": {"vendor_id": "10de", "device_id": "2684"}, "memory": [{"source": "nvidia-smi", "bytes": mib * 1048576}]},
})

# partial is a card of whose list of sizes nobody says that it is whole.
partial(mib) := json.remove(card(mib), ["/catalogue/accelerator/memory_complete"])

share(mib, patch) := object.union(card(mib), {"device": patch})

test_fails_on_every_multiple if {
	every mib in [36864, 49140, 73728, 98304, 196608, 40000] {
		d := memory_multiple.decision with input as card(mib)
		d.status == "fail"
	}
}

test_fails_and_says_how_much if {
	d := memory_multiple.decision with input as card(49140)
	contains(d.detail, "49140 MiB (nvidia-smi)")
	contains(d.detail, "2 times as much")
	not contains(d.detail, "exchanged")
}

test_fails_on_one_of_several_claims if {
	d := memory_multiple.decision with input as share(24564, {"memory": [{"source": "nvml", "bytes": 25769803776}, {"bytes": 51527024640}]})
	d.status == "fail"
	contains(d.detail, "a source without a name")
}

test_passes_on_a_little_less_than_nominal if {
	d := memory_multiple.decision with input as card(24564)
	d.status == "pass"
}

test_passes_on_less if {
	d := memory_multiple.decision with input as card(12288)
	d.status == "pass"
}

test_passes_on_the_larger_factory_size if {
	d := memory_multiple.decision with input as json.patch(card(49152), [{"op": "replace", "path": "/catalogue/accelerator/memory_mib", "value": [24576, 49152]}])
	d.status == "pass"
}

test_unknown_above_a_list_that_may_lack_sizes if {
	d := memory_multiple.decision with input as partial(49140)
	d.status == "unknown"
	contains(d.detail, "no card of this id with this much memory is known")
}

test_unknown_without_factory_sizes if {
	d := memory_multiple.decision with input as json.remove(card(49140), ["/catalogue/accelerator/memory_mib"])
	d.status == "unknown"
}

test_unknown_with_no_row if {
	d := memory_multiple.decision with input as fixture.device({"memory": [{"source": "amdgpu", "bytes": 1}]})
	d.status == "unknown"
}

test_unknown_when_not_read if {
	d := memory_multiple.decision with input as json.remove(card(49140), ["/device/memory"])
	d.status == "unknown"
	d.missing == ["/device/memory"]
}

test_unknown_without_ids if {
	d := memory_multiple.decision with input as json.remove(partial(49140), ["/device/pci/vendor_id", "/device/pci/device_id"])
	d.status == "unknown"
}

test_unknown_when_a_source_was_not_read if {
	d := memory_multiple.decision with input as object.union(card(24576), {"device": {"gaps": [{"fact": "/memory", "source": "nvml", "reason": "permission"}]}})
	d.status == "unknown"
}

test_not_applicable_on_a_virtual_function if {
	d := memory_multiple.decision with input as share(12288, {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}})
	d.status == "not-applicable"
}

test_not_applicable_on_a_guests_share_by_firmware if {
	d := memory_multiple.decision with input as share(10240, {"firmware": {"versions": [{"source": "nvml", "version": "00.00.00.00.00"}]}})
	d.status == "not-applicable"
}

test_not_applicable_on_a_guests_share_by_name if {
	every name in ["GRID T4-16Q", "NVIDIA A100-10C", "NVIDIA A100-1-5CME", "NVIDIA A100-SXM4-40GB MIG 1g.5gb"] {
		d := memory_multiple.decision with input as share(10240, {"product_names": [{"source": "nvml", "value": name}]})
		d.status == "not-applicable"
	}
}

# A share has never more than the card.
test_fails_on_a_share_larger_than_the_card if {
	d := memory_multiple.decision with input as share(49140, {"product_names": [{"source": "nvml", "value": "GRID T4-16Q"}]})
	d.status == "fail"
}

test_not_applicable_with_the_machines_memory if {
	d := memory_multiple.decision with input as object.union(card(131072), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

test_not_applicable_to_a_management_controller if {
	d := memory_multiple.decision with input as fixture.device({"pci": {"vendor_id": "1a03", "device_id": "2000"}})
	d.status == "not-applicable"
}

test_not_applicable_to_a_virtual_adapter if {
	d := memory_multiple.decision with input as fixture.device({"pci": {"vendor_id": "1af4", "device_id": "1050"}})
	d.status == "not-applicable"
}

test_not_applicable_to_graphics_of_a_processor if {
	d := memory_multiple.decision with input as fixture.device({"address": "0000:00:02.0", "pci": {"vendor_id": "8086", "device_id": "46d1"}})
	d.status == "not-applicable"
}

test_passes_on_a_size_that_a_manifest_states if {
	facts := json.remove(fixture.device({"memory": [{"source": "x", "bytes": 51539607552}]}), ["/catalogue/accelerator"])
	d := memory_multiple.decision with input as object.union(facts, {"reference": {"memory": {"state": "match", "reason": "stated"}}})
	d.status == "pass"
	e := memory_multiple.decision with input as facts
	e.status == "unknown"
}

# unsold is a card with the number of a board that NVIDIA made and never sold.
unsold(device, board, mib) := fixture.facts({
	"catalogue": {"accelerator": {"name": "x", "memory_mib": [mib / 2], "memory_complete": true}},
	"device": {
		"pci": {"vendor_id": "10de", "device_id": device, "subsystem_vendor_id": "10de", "subsystem_device_id": board},
		"memory": [{"source": "nvml", "bytes": mib * 1048576}],
	},
})

test_unknown_on_a_board_that_was_never_sold if {
	every case in [["2206", "146d", 20480], ["2484", "14ae", 16384]] {
		d := memory_multiple.decision with input as unsold(case[0], case[1], case[2])
		d.status == "unknown"
		contains(d.detail, "never sold")
	}
}

test_fails_with_the_number_of_another_board if {
	every case in [["2206", "14ae", 20480], ["2484", "146d", 16384], ["2206", "146d", 40960]] {
		d := memory_multiple.decision with input as unsold(case[0], case[1], case[2])
		d.status == "fail"
	}
}
