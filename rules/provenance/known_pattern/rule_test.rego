package gpuaudit.rules.provenance.known_pattern_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.known_pattern

case(id) := {"id": id, "title": "RX 580 2048SP sold as RX 580", "giveaway": "laptop device id in a chassis that is not a laptop"}

card(name, mods) := fixture.facts({"catalogue": {"accelerator": {"name": name}, "mods": mods}})

desktop := card("GeForce RTX 4090 Laptop GPU", [case("laptop-on-desktop")])

mining := object.union(
	card("P102-100", [case("mining-null-subsystem")]),
	{"device": {"pci": {"subsystem_vendor_id": "0000", "subsystem_device_id": "0000"}}},
)

test_fails_on_an_engineering_sample if {
	d := known_pattern.decision with input as card("MTT S80 Engineering Sample", [])
	d.status == "fail"
	d.key == "engineering-sample"
}

test_fails_on_an_id_called_fake if {
	d := known_pattern.decision with input as card("GeForce GTX 960 FAKE", [])
	d.status == "fail"
}

test_fails_on_a_laptop_chip_in_a_server if {
	d := known_pattern.decision with input as desktop
	d.status == "fail"
}

test_fails_on_a_mining_card_without_a_board_id if {
	d := known_pattern.decision with input as mining
	d.status == "fail"
}

test_fails_on_a_cut_down_part if {
	d := known_pattern.decision with input as card("Radeon RX 580 2048SP", [case("rx580-2048sp")])
	d.status == "fail"
}

test_passes_on_a_laptop if {
	d := known_pattern.decision with input as object.union(desktop, {"host": {"dmi": {"chassis_type": 10}}})
	d.status == "pass"
}

test_not_applicable_without_a_known_sign if {
	d := known_pattern.decision with input as card("GeForce RTX 4090", [])
	d.status == "not-applicable"
}

test_unknown_for_a_case_without_a_name if {
	d := known_pattern.decision with input as json.remove(desktop, ["/catalogue/mods/0/id"])
	d.status == "unknown"
}

test_not_applicable_outside_the_catalogue if {
	d := known_pattern.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_without_the_chassis if {
	d := known_pattern.decision with input as json.remove(desktop, ["/host/dmi/chassis_type"])
	d.status == "unknown"
	d.missing == ["/host/dmi/chassis_type"]
}

test_unknown_without_the_board if {
	d := known_pattern.decision with input as json.remove(mining, ["/device/pci/subsystem_vendor_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/subsystem_vendor_id"]
}

test_unknown_without_the_device_id if {
	d := known_pattern.decision with input as fixture.without("/device/pci/device_id")
	d.status == "unknown"
}
