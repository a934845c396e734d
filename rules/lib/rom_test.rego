package gpuaudit.rom_test

import data.gpuaudit.fixture
import data.gpuaudit.rom

# An image that says it is not EFI and holds an EFI header is EFI all the same.
test_efi_by_content if {
	found := rom.efi with input as fixture.device({"firmware": {"roms": [{"images": [object.union(fixture.efi_base, {"code_type": "e0"})]}]}})
	count(found) == 1
}

gap_at(pointer) := fixture.device({"gaps": [{"fact": pointer, "source": "test", "reason": "io-error"}]})

# A dump that the user gave stands beside a card that was not read.
test_read_beside_another_source if {
	rom.read with input as gap_at("/firmware/roms")
	rom.read with input as gap_at("/pci/config")
}

test_not_read_when_parts_are_missing if {
	not rom.read with input as gap_at("/firmware/roms/0/images")
	not rom.read with input as gap_at("/firmware")
	not rom.read with input as gap_at("")
}

test_sources_in_words if {
	words := rom.sources with input as fixture.device({"firmware": {"roms": [{"source": "sysfs"}, {"source": "file"}]}})
	words == ["sysfs", "the file that was given"]
}
