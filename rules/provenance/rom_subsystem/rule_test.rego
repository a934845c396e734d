package gpuaudit.rules.provenance.rom_subsystem_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.rom_subsystem

# The P102-100 of nvflashk issue 29 shows a ZOTAC board after a cross-flash.
card(vendor, device) := fixture.device({
	"pci": {"subsystem_vendor_id": "19da", "subsystem_device_id": "3474"},
	"firmware": {"roms": [{"source": "sysfs", "subsystem_vendor_id": vendor, "subsystem_device_id": device}]},
})

test_fails_for_another_board if {
	d := rom_subsystem.decision with input as card("1462", "3474")
	d.status == "fail"
	contains(d.detail, "1462:3474")
}

test_passes_for_this_board if {
	d := rom_subsystem.decision with input as card("19da", "3474")
	d.status == "pass"
}

test_unknown_when_the_rom_states_none if {
	d := rom_subsystem.decision with input as fixture.base
	d.status == "unknown"
}

test_unknown_without_the_rom if {
	d := rom_subsystem.decision with input as json.remove(card("1462", "3474"), ["/device/firmware/roms"])
	d.status == "unknown"
	d.missing == ["/device/firmware/roms"]
}

# What is missing is the board in the ROM, and not the ROM.
test_unknown_says_that_the_rom_names_no_board if {
	d := rom_subsystem.decision with input as fixture.device({"gaps": [fixture.rom_gap]})
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/0/subsystem_device_id"]
}

test_not_applicable_without_rom if {
	d := rom_subsystem.decision with input as fixture.romless
	d.status == "not-applicable"
}
