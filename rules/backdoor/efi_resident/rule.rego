# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/02_Overview.html
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-010
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.efi_resident

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

driver := "boot-service-driver"

resident := [x |
	some x in rom.efi
	x.value.efi.subsystem != driver
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_resident.fail", {"image": resident[0].image, "subsystem": resident[0].value.efi.subsystem}),
		[concat("", [x.pointer, "/efi/subsystem"]) | some x in resident],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in resident])),
) if {
	count(resident) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_resident.pass", {"images": count(rom.efi), "sources": rom.sources}),
	[concat("", [x.pointer, "/efi/subsystem"]) | some x in rom.efi],
) if {
	rom.read
	count(rom.efi) > 0
	every x in rom.efi {
		x.value.efi.subsystem == driver
	}
} else := verdict.not_applicable(verdict.msg("efi_resident.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.efi) == 0
} else := lib.device_lacks(verdict.msg("efi_resident.lacks", {}), ["/firmware/roms"])
