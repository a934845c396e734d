package gpuaudit.rules.provenance.windows_of_family_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.windows_of_family

card(bars) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce RTX 4090", "functions": ["0403"]}},
	"device": {"pci": {"vendor_id": "10de", "device_id": "2684", "bars": bars}},
})

memory(bytes) := [{"index": 0, "bytes": bytes, "kind": "memory"}]

test_fails_on_a_window_of_four_kib if {
	d := windows_of_family.decision with input as card(memory(4096))
	d.status == "fail"
	contains(d.detail, "4 KiB")
}

test_fails_on_ports_where_registers_belong if {
	d := windows_of_family.decision with input as card([{"index": 0, "bytes": 128, "kind": "io"}])
	d.status == "fail"
}

test_passes if {
	d := windows_of_family.decision with input as card(memory(16777216))
	d.status == "pass"
}

test_passes_and_names_what_a_host_may_hide if {
	d := windows_of_family.decision with input as object.union(card(memory(16777216)), {"device": {"functions": []}})
	d.status == "pass"
	contains(d.detail, "0403")
}

test_not_applicable_to_another_maker if {
	d := windows_of_family.decision with input as fixture.base
	d.status == "not-applicable"
}

test_not_applicable_on_a_share if {
	d := windows_of_family.decision with input as object.union(card(memory(4096)), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d.status == "not-applicable"
}

test_not_applicable_with_the_machines_memory if {
	d := windows_of_family.decision with input as object.union(card(memory(4096)), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}

test_unknown_without_windows if {
	d := windows_of_family.decision with input as json.remove(card([]), ["/device/pci/bars"])
	d.status == "unknown"
}

test_unknown_without_the_device_id if {
	d := windows_of_family.decision with input as fixture.without("/device/pci/device_id")
	d.status == "unknown"
}
