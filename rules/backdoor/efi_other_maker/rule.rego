# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/11_Protocols_UEFI_Driver_Model.html
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-090
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.backdoor.efi_other_maker

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

makers := {"10de": "NVIDIA", "1002": "AMD", "8086": "Intel"}

vendor := input.device.pci.vendor_id

read := [x | some x in rom.own; x.value.efi.display.maker]

named := [x | some x in read; x.value.efi.display.maker != "none"]

# own_ids are the PCI vendor ids of a maker: AMD's processors have one of their own.
own_ids := {"10de": {"10de"}, "1002": {"1002", "1022"}, "8086": {"8086"}}

strangers := [x | some x in named; not vendor in own_ids[x.value.efi.display.maker]; vendor]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_other_maker.fail", {"image": strangers[0].image, "name": strangers[0].value.efi.display.name, "maker": object.get(makers, strangers[0].value.efi.display.maker, "?"), "vendor": vendor}),
		[concat("", [x.pointer, "/efi/display"]) | some x in strangers],
	),
	concat(",", sort({object.get(x.value, "sha256", "") | some x in strangers})),
) if {
	count(strangers) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_other_maker.pass", {"images": count(named), "maker": object.get(makers, vendor, vendor)}),
	[concat("", [x.pointer, "/efi/display"]) | some x in named],
) if {
	rom.read
	vendor
	count(named) > 0
	count(read) == count(rom.own)
} else := verdict.not_applicable(verdict.msg("efi_other_maker.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(named) == 0
	count(read) == count(rom.own)
} else := verdict.unknown(
	verdict.msg("efi_other_maker.unknown", {}),
	[concat("", [x.pointer, "/efi/display"]) | some x in rom.own; not x.value.efi.display.maker],
) if {
	rom.read
	vendor
} else := lib.device_lacks(verdict.msg("efi_other_maker.lacks", {}), ["/firmware/roms", "/pci/vendor_id"])
