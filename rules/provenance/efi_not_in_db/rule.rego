# METADATA
# title: This machine does not run the card's EFI image
# description: |
#   Secure Boot is on, and this machine's database of allowed signers (db) does
#   not allow an EFI image of the card. The firmware then leaves the image out:
#   the card works under the operating system, and stays dark before it. It says
#   nothing against the card.
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# custom:
#   id: GA-PR-018
#   severity: low
#   scope: device
#   question: code
#   remediation: >-
#     If the card must show a picture before the operating system starts, enrol
#     the authority that signed its image in the machine's setup, or ask the maker
#     for firmware signed under one that the machine has.
package gpuaudit.rules.provenance.efi_not_in_db

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

boot := object.get(input.host, "boot", {})

refused := [x | some x in rom.efi; x.value.efi.in_db == false]

allowed := [x.pointer | some x in rom.efi; x.value.efi.in_db == true]

decision := verdict.not_applicable("Secure Boot does not decide here what runs.", ["/host/boot"]) if {
	not_enforced
} else := verdict.fail(
	sprintf("%d EFI image(s) are not allowed by this machine's db.", [count(refused)]),
	[concat("", [x.pointer, "/efi/in_db"]) | some x in refused],
) if {
	boot.secure_boot == true
	count(refused) > 0
} else := rom.none if {
	rom.none
} else := verdict.not_applicable("The ROM holds no EFI image.", ["/device/firmware/roms"]) if {
	rom.read
	count(rom.efi) == 0
} else := verdict.pass(
	sprintf("This machine's db allows %d EFI image(s).", [count(allowed)]),
	array.concat(allowed, ["/host/boot/db"]),
) if {
	boot.secure_boot == true
	rom.read
	count(allowed) == count(rom.efi)
} else := lib.device_lacks("Whether the machine allows the ROM's EFI images", ["/firmware/roms"]) if {
	not rom.read
} else := lib.host_lacks("Whether the machine allows the ROM's EFI images", ["/boot/secure_boot", "/boot/db"])

not_enforced if boot.mode == "bios"

not_enforced if boot.secure_boot == false
