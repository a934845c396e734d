# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# custom:
#   id: GA-BD-009
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.efi_unsigned

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

signed := [x.pointer | some x in rom.own; x.value.efi.signed == true]

decision := verdict.not_applicable(verdict.msg("efi_unsigned.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	rom.all_unsigned
	rom.maker_signs
} else := verdict.fail(verdict.msg("efi_unsigned.fail", {}), [x.pointer | some x in rom.own]) if {
	rom.read
	rom.all_unsigned
} else := rom.none if {
	rom.none
} else := verdict.pass(verdict.msg("efi_unsigned.pass", {}), signed) if {
	rom.read
	count(signed) > 0
} else := verdict.not_applicable(verdict.msg("efi_unsigned.not_applicable_2", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.own) == 0
} else := lib.device_lacks(verdict.msg("efi_unsigned.lacks", {}), ["/firmware/roms"])
