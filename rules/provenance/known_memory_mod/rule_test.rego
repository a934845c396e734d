package gpuaudit.rules.provenance.known_memory_mod_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.known_memory_mod

case_48g := {
	"id": "rtx4090-48g", "title": "RTX 4090 with 48 GB", "genuine_memory_mib": 24576,
	"suspect_min_mib": 49140, "suspect_max_mib": 49152, "giveaway": "memory = 2x factory at same device id",
	"confidence": "verified", "source": "github tinygrad/open-gpu-kernel-modules#36",
}

card(mib) := fixture.facts({"catalogue": {"accelerator": {"memory_mib": [24576]}, "mods": [case_48g]}, "device": {"memory": [{"source": "driver", "bytes": mib * 1048576}]}})

test_fails_on_the_known_size if {
	d := known_memory_mod.decision with input as card(49140)
	d.status == "fail"
	d.key == "rtx4090-48g"
	contains(d.detail, "tinygrad")
}

test_passes_on_the_genuine_size if {
	d := known_memory_mod.decision with input as card(24564)
	d.status == "pass"
}

test_not_applicable_without_a_case if {
	d := known_memory_mod.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_when_not_read if {
	d := known_memory_mod.decision with input as json.remove(card(49140), ["/device/memory"])
	d.status == "unknown"
	d.missing == ["/device/memory"]
}

test_unknown_on_half_a_range if {
	d := known_memory_mod.decision with input as json.remove(card(24564), ["/catalogue/mods/0/suspect_max_mib"])
	d.status == "unknown"
	d.missing == ["/catalogue/mods"]
}

test_passes_on_a_case_that_nobody_has_shown if {
	d := known_memory_mod.decision with input as object.union(card(24564), {"catalogue": {"mods": [case_48g, object.union(case_48g, {"id": "x", "confidence": "unverified", "suspect_min_mib": 24564, "suspect_max_mib": 24576})]}})
	d.status == "pass"
}

test_passes_on_a_size_that_the_factory_gives_too if {
	d := known_memory_mod.decision with input as object.union(card(49140), {"catalogue": {"accelerator": {"memory_mib": [24576, 49152]}}})
	d.status == "pass"
}

test_not_applicable_on_a_share if {
	d := known_memory_mod.decision with input as object.union(card(12288), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d.status == "not-applicable"
}

test_unknown_without_ids if {
	every pointer in ["/device/pci/vendor_id", "/device/pci/device_id"] {
		d := known_memory_mod.decision with input as fixture.without(pointer)
		d.status == "unknown"
	}
}

test_unknown_with_ids_that_are_none if {
	d := known_memory_mod.decision with input as fixture.device({"pci": {"device_id": "junk"}})
	d.status == "unknown"
}

rumour := object.union(case_48g, {"id": "x", "title": "RTX 4090 with 96 GB", "confidence": "unverified", "suspect_min_mib": 98304, "suspect_max_mib": 98304})

test_unknown_on_a_case_that_is_only_told_of if {
	every mods in [[rumour], [case_48g, rumour]] {
		d := known_memory_mod.decision with input as object.union(card(98304), {"catalogue": {"mods": mods}})
		d.status == "unknown"
		contains(d.detail, "nobody has shown such a card")
	}
}

test_fails_on_a_shown_case_beside_a_rumour if {
	d := known_memory_mod.decision with input as object.union(card(49140), {"catalogue": {"mods": [rumour, case_48g]}})
	d.status == "fail"
}

test_unknown_on_a_board_that_was_never_sold if {
	d := known_memory_mod.decision with input as object.union(card(20480), {
		"catalogue": {"accelerator": {"memory_mib": [10240]}, "mods": [object.union(case_48g, {"suspect_min_mib": 20480, "suspect_max_mib": 20480})]},
		"device": {"pci": {"vendor_id": "10de", "device_id": "2206", "subsystem_vendor_id": "10de", "subsystem_device_id": "146d"}},
	})
	d.status == "unknown"
}
