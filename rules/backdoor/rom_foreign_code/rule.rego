# METADATA
# related_resources:
# - ref: https://pcisig.com/specifications
# - ref: https://github.com/intel/igsc
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-040
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_foreign_code

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# standard are the code types of the PCI Firmware Specification 3.3, table 5-3.
standard := {"00", "01", "02", "03"}

# of_vendor are those that a vendor uses for code and data of its own. Intel's are
# the configuration part, the code part, and the data behind the first (intel/igsc,
# lib/igsc_oprom.h, and fwupd's plugin igsc).
of_vendor := {"10de": {"70", "e0"}, "8086": {"f0", "f1", "ff"}}

belongs(image) if image.code_type in standard

belongs(image) if {
	image.code_type in of_vendor[image.vendor_id]
	not other_vendor(image)
}

# other_vendor: an image with the types of one vendor on a card of another.
other_vendor(image) if image.vendor_id != input.device.pci.vendor_id

foreign := [x | some x in rom.images; x.value.code_type; not belongs(x.value)]

hidden := [x | some x in rom.images; x.value.efi; x.value.code_type != "03"]

bad := array.concat(foreign, hidden)

says(x) := verdict.msg("rom_foreign_code.efi", {"image": x.image, "type": x.value.code_type}) if x.value.efi

says(x) := verdict.msg("rom_foreign_code.image", {"image": x.image, "type": x.value.code_type}) if not x.value.efi

decision := verdict.keyed(
	verdict.fail(verdict.msg("rom_foreign_code.fail", {"images": sort({says(x) | some x in bad})}), [x.pointer | some x in bad]),
	concat(",", sort({object.get(x.value, "sha256", "") | some x in bad})),
) if {
	count(bad) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_foreign_code.pass", {"images": count(rom.images), "sources": rom.sources}),
	[x.pointer | some x in rom.images],
) if {
	rom.read
	every x in rom.images {
		explained(x.value)
	}
} else := lib.device_lacks(verdict.msg("rom_foreign_code.lacks", {}), ["/firmware/roms", "/pci/vendor_id"])

explained(image) if image.code_type in standard

explained(image) if image.vendor_id == input.device.pci.vendor_id
