# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# custom:
#   id: GA-PR-018
#   severity: low
#   scope: device
#   question: code
package gpuaudit.rules.provenance.efi_not_in_db

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

boot := object.get(input.host, "boot", {})

refused := [x | some x in rom.efi; x.value.efi.in_db == false]

allowed := [x.pointer | some x in rom.efi; x.value.efi.in_db == true]

decision := verdict.not_applicable(verdict.msg("efi_not_in_db.not_applicable", {}), ["/host/boot"]) if {
	not_enforced
} else := verdict.fail(
	verdict.msg("efi_not_in_db.fail", {"images": count(refused)}),
	[concat("", [x.pointer, "/efi/in_db"]) | some x in refused],
) if {
	boot.secure_boot == true
	count(refused) > 0
} else := rom.none if {
	rom.none
} else := verdict.not_applicable(verdict.msg("efi_not_in_db.not_applicable_2", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.efi) == 0
} else := verdict.pass(
	verdict.msg("efi_not_in_db.pass", {"images": count(allowed)}),
	array.concat(allowed, ["/host/boot/db"]),
) if {
	boot.secure_boot == true
	rom.read
	count(allowed) == count(rom.efi)
} else := lib.device_lacks(verdict.msg("efi_not_in_db.lacks", {}), ["/firmware/roms"]) if {
	not rom.read
} else := lib.host_lacks(verdict.msg("efi_not_in_db.lacks", {}), ["/boot/secure_boot", "/boot/db"])

not_enforced if boot.mode == "bios"

not_enforced if boot.secure_boot == false
