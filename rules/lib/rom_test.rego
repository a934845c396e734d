package gpuaudit.rom_test

import data.gpuaudit.fixture
import data.gpuaudit.rom

# An image that says it is not EFI and holds an EFI header is EFI all the same.
test_efi_by_content if {
	found := rom.efi with input as fixture.device({"firmware": {"roms": [{"images": [object.union(fixture.efi_base, {"code_type": "e0"})]}]}})
	count(found) == 1
}
