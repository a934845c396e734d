package gpuaudit.rules.provenance.partition_boards_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.partition_boards as rule
import data.gpuaudit.rules.provenance.rom_subsystem

# card shows the board 1849:6004 with an Arc A380.
card(boards) := object.union(
	fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {
		"images": [object.union(fixture.legacy_base, {"code_type": "f0", "vendor_id": "8086"})],
		"partitions": [{"image": 0, "offset": 704, "name": "OROM", "state": "authentic", "key": "DG2", "version": "20.1068.0.0", "boards": boards}],
	})]}}),
	{"device": {"pci": {"vendor_id": "8086", "device_id": "56a5", "subsystem_vendor_id": "1849", "subsystem_device_id": "6004"}}},
)

own := {"vendor_id": "8086", "device_id": "56a5", "subsystem_vendor_id": "1849", "subsystem_device_id": "6004"}

test_passes_on_the_own_board if {
	d := rule.decision with input as card([object.union(own, {"subsystem_device_id": "6005"}), own])
	d.status == "pass"
}

test_passes_on_the_subsystem_alone if {
	d := rule.decision with input as card([{"subsystem_vendor_id": "1849", "subsystem_device_id": "6004"}])
	d.status == "pass"
}

test_fails_on_another_board if {
	d := rule.decision with input as card([object.union(own, {"subsystem_device_id": "6005"})])
	d.status == "fail"
	contains(d.detail, "1849:6005")
}

test_fails_on_another_board_by_the_subsystem_alone if {
	d := rule.decision with input as card([{"subsystem_vendor_id": "1043", "subsystem_device_id": "6004"}])
	d.status == "fail"
	contains(d.detail, "1043:6004")
}

test_fails_on_another_chip if {
	d := rule.decision with input as card([object.union(own, {"device_id": "56a0"})])
	d.status == "fail"
	contains(d.detail, "8086:56a0")
}

test_not_applicable_where_it_is_for_all if {
	d := rule.decision with input as card([])
	d.status == "not-applicable"
}

test_unknown_without_ids if {
	d := rule.decision with input as json.remove(card([own]), ["/device/pci/subsystem_device_id"])
	d.status == "unknown"
	d.missing == ["/device/pci/subsystem_device_id"]
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

# The other rule on boards leaves these ROMs to this one.
test_the_rule_on_subsystems_does_not_ask if {
	d := rom_subsystem.decision with input as card([own])
	d.status == "not-applicable"
}
