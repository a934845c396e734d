package gpuaudit.rules.provenance.firmware_generation_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.firmware_generation

nvidia(version) := object.union(
	fixture.facts({"catalogue": {"accelerator": {"name": "GeForce RTX 4090", "vbios_prefixes": ["95.02"]}}}),
	{"device": {"pci": {"vendor_id": "10de", "device_id": "2684"}, "firmware": {"roms": [], "versions": [{"source": "nvml", "version": version}]}}},
)

amd(chip) := object.union(
	fixture.facts({"catalogue": {"accelerator": {"name": "Radeon RX 580", "chip_texts": ["POLARIS20", "ELLESMERE"]}}}),
	{"device": {"firmware": {"roms": [{"texts": [{"name": "part", "offset": 1, "text": "113-1"}, {"name": "chip", "offset": 2, "text": chip}]}]}}},
)

test_fails_on_pascals_firmware if {
	d := firmware_generation.decision with input as nvidia("86.02.39.00.01")
	d.status == "fail"
	d.evidence == ["/device/firmware/versions/0"]
}

test_fails_on_a_rom_of_another_generation if {
	d := firmware_generation.decision with input as object.union(nvidia("95.02.39.00.01"), {"device": {"firmware": {"roms": [{"version": "90.02.17.00.5F"}]}}})
	d.status == "fail"
}

test_fails_on_the_name_of_another_chip if {
	d := firmware_generation.decision with input as amd("POLARIS10")
	d.status == "fail"
}

test_passes if {
	d := firmware_generation.decision with input as nvidia("95.02.18.80.01")
	d.status == "pass"
}

test_passes_on_another_chip_of_the_generation if {
	d := firmware_generation.decision with input as nvidia("95.03.18.80.01")
	d.status == "pass"
}

test_passes_on_the_chips_name if {
	d := firmware_generation.decision with input as amd("Polaris20 ")
	d.status == "pass"
}

test_not_applicable_on_a_share if {
	d := firmware_generation.decision with input as nvidia("00.00.00.00.00")
	d.status == "not-applicable"
}

test_not_applicable_outside_the_catalogue if {
	d := firmware_generation.decision with input as fixture.base
	d.status == "not-applicable"
}

test_unknown_without_a_version if {
	d := firmware_generation.decision with input as json.remove(nvidia("95.02.18.80.01"), ["/device/firmware/versions"])
	d.status == "unknown"
}

test_unknown_without_the_device_id if {
	d := firmware_generation.decision with input as json.remove(nvidia("95.02.18.80.01"), ["/device/pci/device_id"])
	d.status == "unknown"
}

test_unknown_where_the_rom_names_no_chip if {
	d := firmware_generation.decision with input as json.remove(amd("POLARIS20"), ["/device/firmware/roms/0/texts"])
	d.status == "unknown"
}

graphics := object.union(fixture.romless, {"catalogue": {"accelerator": {"name": "Raphael", "chip_texts": ["RAPHAEL"]}}})

# A processor's graphics have no ROM that could name a chip.
test_not_applicable_without_rom if {
	d := firmware_generation.decision with input as graphics
	d.status == "not-applicable"
}

test_unknown_without_rom_where_the_driver_could_tell if {
	facts := object.union(graphics, {"catalogue": {"accelerator": {"name": "x", "vbios_prefixes": ["95.02"], "chip_texts": []}}})
	d := firmware_generation.decision with input as facts
	d.status == "unknown"
}
