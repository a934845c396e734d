package gpuaudit.software_test

import data.gpuaudit.fixture
import data.gpuaudit.software

of(vendor, device, architecture) := id if {
	facts := object.union(
		fixture.device({"pci": {"vendor_id": vendor, "device_id": device}}),
		{"catalogue": {"accelerator": {"architecture": architecture}}},
	)
	id := software.family.id with input as facts
}

test_the_most_specific_counts if {
	of("10de", "2684", "Ada Lovelace") == "nvidia-ada"
	of("10de", "2684", "Kepler") == "nvidia-kepler"
	of("19e5", "d802", "Kepler") == "ascend-910b"
}

test_sources if {
	text := software.source(software.family.stack) with input as fixture.device({"pci": {"vendor_id": "19e5", "device_id": "d802"}})
	contains(text, "as of")
	software.source({}) == "no source"
}
