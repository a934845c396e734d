# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/14_Protocols_PCI_Bus_Support.html
# custom:
#   id: GA-BD-092
#   severity: low
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.efi_driver_missing

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

launched := input.catalogue.accelerator.launch_date >= "2014"

# due: the card is one that brings a driver.
due if {
	launched
	rom.maker_signs
	startswith(input.device.pci.class_code, "0300")
}

# whole are the readings of a whole ROM: not a copy of the legacy image alone.
whole := [i |
	some i, r in rom.roms
	r.source in {"sysfs", "file", "flash"}
	not rom.part[i]
]

drivers(i) := [x | some x in rom.efi; x.rom == i; object.get(x.value, "chain", 0) == 0]

lacking := [i | some i in whole; count(drivers(i)) == 0]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_driver_missing.fail", {"name": object.get(input.catalogue.accelerator, "name", "card")}),
		[sprintf("/device/firmware/roms/%d/images", [i]) | some i in lacking],
	),
	concat(",", sort({object.get(rom.roms[i], "sha256", "") | some i in lacking})),
) if {
	due
	rom.read
	count(lacking) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_driver_missing.pass", {}),
	[x.pointer | some x in rom.efi],
) if {
	rom.read
	count(whole) > 0
	count(lacking) == 0
} else := verdict.not_applicable(verdict.msg("efi_driver_missing.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	known
	not due
} else := verdict.unknown(verdict.msg("efi_driver_missing.unknown", {}), ["/catalogue/accelerator/launch_date"]) if {
	rom.read
	count(lacking) > 0
	not known
} else := verdict.not_applicable(verdict.msg("efi_driver_missing.not_applicable_2", {}), ["/device/firmware/roms"]) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_driver_missing.lacks", {}), ["/firmware/roms"])

known if {
	input.catalogue.accelerator.launch_date
	input.device.pci.vendor_id
	input.device.pci.class_code
}

known if not input.device.pci.vendor_id in {"10de", "1002", "8086"}
