package gpuaudit.rules.provenance.link_below_catalogue_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.link_below_catalogue

card(speed, width) := fixture.facts({
	"catalogue": {"accelerator": {"name": "GeForce GTX 1060 6GB", "pcie_gen": 3, "pcie_lanes": 16}},
	"device": {"pci": {"link": {"max_speed_gts": speed, "max_width": width}}},
})

test_fails_on_a_slower_link if {
	d := link_below_catalogue.decision with input as card(2.5, 16)
	d.status == "fail"
	contains(d.detail, "2.5 GT/s x16")
}

test_fails_on_a_narrower_link if {
	d := link_below_catalogue.decision with input as card(8, 4)
	d.status == "fail"
}

# The present state is that of power saving and no matter here.
test_passes_while_saving_power if {
	facts := object.union(card(8, 16), {"device": {"pci": {"link": {"current_speed_gts": 2.5}}}})
	d := link_below_catalogue.decision with input as facts
	d.status == "pass"
}

test_passes_on_a_faster_link if {
	d := link_below_catalogue.decision with input as card(16, 16)
	d.status == "pass"
}

test_not_applicable_without_a_catalogued_link if {
	d := link_below_catalogue.decision with input as json.remove(card(2.5, 16), ["/catalogue/accelerator/pcie_gen"])
	d.status == "not-applicable"
}

test_not_applicable_on_a_virtual_function if {
	facts := object.union(card(2.5, 16), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d := link_below_catalogue.decision with input as facts
	d.status == "not-applicable"
}

test_unknown_when_not_read if {
	d := link_below_catalogue.decision with input as json.remove(card(8, 16), ["/device/pci/link/max_width"])
	d.status == "unknown"
	d.missing == ["/device/pci/link/max_width"]
}

test_unknown_in_a_guest if {
	d := link_below_catalogue.decision with input as object.union(card(2.5, 1), {"host": {"dmi": {"system_vendor": "QEMU"}}})
	d.status == "unknown"
}

test_not_applicable_to_a_part_of_the_package if {
	d := link_below_catalogue.decision with input as object.union(card(2.5, 1), {"catalogue": {"accelerator": {"memory_unified": true}}})
	d.status == "not-applicable"
}
