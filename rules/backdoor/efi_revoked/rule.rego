# METADATA
# related_resources:
# - ref: https://uefi.org/revocationlistfile
# - ref: https://github.com/microsoft/secureboot_objects
# custom:
#   id: GA-BD-032
#   severity: critical
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.efi_revoked

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

boot := object.get(input.host, "boot", {})

revoked := [x | some x in rom.efi; x.value.efi.in_dbx == true]

clear := [x.pointer | some x in rom.efi; x.value.efi.in_dbx == false]

# published are those on the list that Microsoft publishes, whatever list the machine has.
published := [{"pointer": x.pointer, "value": x.value, "program": data.gpuaudit.data.efi_revocations.programs[x.value.efi.authenticode_sha256]} | some x in rom.efi]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_revoked.fail", {"images": count(revoked)}),
		[concat("", [x.pointer, "/efi/in_dbx"]) | some x in revoked],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in revoked])),
) if {
	count(revoked) > 0
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_revoked.fail_2", {"programs": sort({x.program | some x in published}), "day": data.gpuaudit.data.efi_revocations.date}),
		[concat("", [x.pointer, "/efi/authenticode_sha256"]) | some x in published],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in published])),
) if {
	count(published) > 0
} else := rom.none if {
	rom.none
} else := verdict.not_applicable(verdict.msg("efi_revoked.not_applicable", {}), ["/host/boot/mode"]) if {
	boot.mode == "bios"
} else := verdict.not_applicable(verdict.msg("efi_revoked.not_applicable_2", {}), ["/host/boot/secure_boot"]) if {
	boot.secure_boot == false
	not boot.dbx
	lib.gap(input.host, "/boot/dbx").reason == "not-present"
} else := verdict.not_applicable(verdict.msg("efi_revoked.not_applicable_3", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.efi) == 0
} else := verdict.pass(
	verdict.msg("efi_revoked.pass", {"images": count(clear)}),
	array.concat(clear, ["/host/boot/dbx"]),
) if {
	rom.read
	count(clear) == count(rom.efi)
	boot.dbx
} else := lib.device_lacks(verdict.msg("efi_revoked.lacks", {}), ["/firmware/roms"]) if {
	not rom.read
} else := lib.host_lacks(verdict.msg("efi_revoked.lacks_2", {}), ["/boot/dbx"]) if {
	not boot.dbx
} else := verdict.unknown(
	verdict.msg("efi_revoked.unknown", {}),
	[concat("", [x.pointer, "/efi/in_dbx"]) | some x in rom.efi; not x.pointer in clear],
)
