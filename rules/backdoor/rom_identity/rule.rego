# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-BD-006
#   severity: high
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: contradiction
package gpuaudit.rules.backdoor.rom_identity

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# speaking are the legacy images that state an id and belong to the card.
speaking := [x |
	some x in rom.images
	x.value.code_type == "00"
	x.source != "vfct"
	not x.value.vendor_id == "0000"
]

other := [x |
	some x in speaking
	differs(x.value)
]

differs(image) if image.vendor_id != input.device.pci.vendor_id

differs(image) if {
	image.device_id != input.device.pci.device_id
	not input.device.pci.device_id in object.get(image, "device_ids", [])
}

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_identity.fail", {"made_for_vendor": other[0].value.vendor_id, "made_for_device": object.get(other[0].value, "device_id", "unknown"), "vendor": input.device.pci.vendor_id, "device": input.device.pci.device_id}),
		array.concat([x.pointer | some x in other], ["/device/pci/vendor_id", "/device/pci/device_id"]),
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in other])),
) if {
	count(other) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_identity.pass", {"vendor": input.device.pci.vendor_id, "device": input.device.pci.device_id, "sources": rom.sources}),
	[x.pointer | some x in speaking],
) if {
	rom.read
	count(speaking) > 0
	lib.all_have([x.value | some x in speaking], ["vendor_id", "device_id"])
	lib.all_have(rom.roms, ["source"])
} else := verdict.not_applicable(
	verdict.msg("rom_identity.not_applicable", {}),
	["/device/firmware/roms"],
) if {
	rom.read
	count(speaking) == 0
} else := lib.device_lacks(verdict.msg("rom_identity.lacks", {}), ["/firmware/roms", "/pci/vendor_id", "/pci/device_id"])
