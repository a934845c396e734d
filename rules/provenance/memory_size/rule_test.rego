package gpuaudit.rules.provenance.memory_size_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_size

card(mib) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce RTX 4090", "memory_mib": [24576], "memory_complete": true}},
	"device": {"pci": {"vendor_id": "10de", "device_id": "2684"}, "memory": [{"source": "nvidia-smi", "bytes": mib * 1048576}]},
})

# partial is a card of whose list of sizes nobody says that it is whole.
partial(mib) := json.remove(card(mib), ["/catalogue/accelerator/memory_complete"])

share(mib, patch) := object.union(card(mib), {"device": patch})

test_fails_on_no_factory_size if {
	d := memory_size.decision with input as card(12288)
	d.status == "fail"
	contains(d.detail, "24576 MiB")
}

test_fails_on_less_than_ecc_takes if {
	d := memory_size.decision with input as card(22000)
	d.status == "fail"
}

test_unknown_where_the_list_may_lack_sizes if {
	d := memory_size.decision with input as partial(12288)
	d.status == "unknown"
}

test_passes_on_a_factory_size if {
	d := memory_size.decision with input as card(24564)
	d.status == "pass"
}

test_passes_on_gddr_with_ecc if {
	d := memory_size.decision with input as json.patch(card(46068), [{"op": "replace", "path": "/catalogue/accelerator/memory_mib", "value": [49152]}])
	d.status == "pass"
}

# NVIDIA's drivers before R510 take their reserve off.
old(mib, nominal, version) := json.patch(share(mib, {"driver": {"claims": [{"source": "nvml", "version": version}]}}), [{"op": "replace", "path": "/catalogue/accelerator/memory_mib", "value": [nominal]}])

test_passes_with_an_old_drivers_reserve if {
	every pair in [[5912, 6144], [1998, 2048], [3911, 4096], [11019, 11264]] {
		d := memory_size.decision with input as old(pair[0], pair[1], "418.43")
		d.status == "pass"
	}
}

test_fails_on_a_new_driver_with_the_same if {
	d := memory_size.decision with input as old(3911, 4096, "550.54")
	d.status == "fail"
}

test_passes_on_another_makers_size if {
	d := memory_size.decision with input as json.patch(card(24564), [{"op": "replace", "path": "/device/pci/vendor_id", "value": "1002"}])
	d.status == "pass"
}

test_passes_by_the_size_without_a_makers_id if {
	d := memory_size.decision with input as json.remove(card(24564), ["/device/pci/vendor_id"])
	d.status == "pass"
}

test_unknown_in_a_guest_with_less if {
	d := memory_size.decision with input as object.union(card(12288), {"host": {"dmi": {"system_vendor": "QEMU"}}})
	d.status == "unknown"
}

test_unknown_on_hyper_v_with_less if {
	d := memory_size.decision with input as object.union(card(12288), {"host": {"dmi": {"product_name": "Virtual Machine"}}})
	d.status == "unknown"
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

test_not_applicable_on_a_share if {
	d := memory_size.decision with input as share(768, {"firmware": {"versions": [{"source": "nvml", "version": "00.00.00.00.00"}]}})
	d.status == "not-applicable"
}

test_not_applicable_with_the_machines_memory if {
	d := memory_size.decision with input as object.union(card(8192), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

test_passes_on_a_size_that_a_manifest_states if {
	facts := json.remove(fixture.device({"memory": [{"source": "x", "bytes": 51539607552}]}), ["/catalogue/accelerator"])
	d := memory_size.decision with input as object.union(facts, {"reference": {"memory": {"state": "match", "reason": "stated"}}})
	d.status == "pass"
	e := memory_size.decision with input as facts
	e.status == "unknown"
}

test_unknown_on_a_board_that_was_never_sold if {
	facts := object.union(card(20480), {"device": {"pci": {"device_id": "2206", "subsystem_vendor_id": "10de", "subsystem_device_id": "146d"}}})
	d := memory_size.decision with input as facts
	d.status == "unknown"
	e := memory_size.decision with input as json.patch(facts, [{"op": "replace", "path": "/device/pci/subsystem_device_id", "value": "1467"}])
	e.status == "fail"
}

test_passes_on_an_old_recording_beside_a_new_driver if {
	facts := object.union(old(3911, 4096, "418.43"), {"device": {"driver": {"claims": [{"source": "nvidia-smi", "version": "418.43"}, {"source": "nvml", "version": "580.95.05"}]}}})
	d := memory_size.decision with input as facts
	d.status == "pass"
}
