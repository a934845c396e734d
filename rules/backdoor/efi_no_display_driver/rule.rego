# METADATA
# related_resources:
# - ref: https://github.com/rhboot/shim/blob/main/SBAT.md
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-091
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.efi_no_display_driver

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

measured := {"10de", "1002", "8086"}

vendor := input.device.pci.vendor_id

# anchored are the signed programs that were read and of which the signer is known;
# others are the subject of other rules.
anchored := [x |
	some x in rom.own
	x.value.efi.signed == true
	x.value.efi.chain.anchor
	not x.value.efi.chain.fault
]

nameless := [x | some x in anchored; x.value.efi.display.maker == "none"]

named := [x | some x in anchored; x.value.efi.display.maker != "none"]

# open are images of which it is not known whether they are such a program, or which.
open := [concat("", [x.pointer, "/efi"]) | some x in rom.own; not clear(object.get(x.value, "efi", {}))]

clear(efi) if efi.signed == false

clear(efi) if {
	efi.signed == true
	efi.chain.fault
}

clear(efi) if {
	efi.signed == true
	efi.chain.anchor
	efi.display.maker
}

detail := verdict.msg("efi_no_display_driver.fail_2", {"image": nameless[0].image, "components": nameless[0].value.efi.sbat}) if {
	count(nameless[0].value.efi.sbat) > 0
} else := verdict.msg("efi_no_display_driver.fail", {"image": nameless[0].image})

decision := verdict.keyed(
	verdict.fail(detail, [concat("", [x.pointer, "/efi"]) | some x in nameless]),
	concat(",", sort({object.get(x.value, "sha256", "") | some x in nameless})),
) if {
	vendor in measured
	count(nameless) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_no_display_driver.pass", {"name": named[0].value.efi.display.name, "images": count(named)}),
	[concat("", [x.pointer, "/efi/display"]) | some x in named],
) if {
	rom.read
	vendor in measured
	count(named) > 0
	count(open) == 0
} else := verdict.not_applicable(verdict.msg("efi_no_display_driver.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	vendor
	not vendor in measured
} else := verdict.not_applicable(verdict.msg("efi_no_display_driver.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	vendor
	count(open) == 0
} else := verdict.unknown(verdict.msg("efi_no_display_driver.unknown", {}), open) if {
	rom.read
	vendor
} else := lib.device_lacks(verdict.msg("efi_no_display_driver.lacks", {}), ["/firmware/roms", "/pci/vendor_id"])
