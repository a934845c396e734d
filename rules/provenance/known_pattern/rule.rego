# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-015
#   severity: medium
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: sign
package gpuaudit.rules.provenance.known_pattern

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

# Chassis types (SMBIOS, DSP0134 7.4.1). portable are those in which a laptop's
# chip is no surprise: laptops, tablets, all-in-one and small computers. towers
# hold cards in slots and nothing else: towers, servers, racks, blades. Type 3 is
# what makers of boards leave in for any desktop, and some small computers too.
portable := {8, 9, 10, 11, 12, 13, 14, 24, 30, 31, 32, 33, 34, 35, 36}

towers := {6, 7, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29}

desks := {3, 4, 5, 15, 16}

part := object.get(input, ["catalogue", "accelerator", "name"], verdict.msg("known_pattern.no_name", {}))

# laptop: the part is one that was made for laptops, and a card in itself.
laptop if {
	input.catalogue.accelerator.form == "laptop"
	not provenance.no_card
}

laptop if {
	some m in input.catalogue.mods
	m.id == "laptop-on-desktop"
}

chassis := input.host.dmi.chassis_type

blank if input.device.pci.subsystem_vendor_id in {"0000", "ffff"}

# boxed: a bridge of Thunderbolt or USB4 is above the card.
boxed if {
	some b in input.device.bridges
	regex.match(`(?i)thunderbolt|usb4`, object.get(b, "name", ""))
}

# Each sign is a key and a sentence.
signs["fake-id"] := verdict.msg("known_pattern.fake", {"name": name}) if {
	name := input.catalogue.accelerator.name
	endswith(name, " FAKE")
}

signs["laptop-on-desktop"] := verdict.msg("known_pattern.laptop_in_tower", {"part": part, "chassis": chassis}) if {
	laptop
	chassis in towers
	not boxed
	not provenance.guest
}

signs["laptop-on-desktop"] := verdict.msg("known_pattern.laptop_on_desk", {"part": part, "chassis": chassis}) if {
	laptop
	chassis in desks
	blank
	not boxed
	not provenance.guest
}

found := sort([key | some key, _ in signs])

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("known_pattern.fail", {"signs": [signs[key] | some key in found]}),
		["/device/pci/device_id", "/catalogue"],
	),
	concat(",", found),
) if {
	count(found) > 0
} else := verdict.pass(
	verdict.msg("known_pattern.pass", {"part": part, "chassis": chassis}),
	["/device/pci/device_id", "/host/dmi/chassis_type"],
) if {
	laptop
	provenance.known_ids
	chassis in portable
} else := verdict.unknown(
	verdict.msg("known_pattern.unknown", {"part": part}),
	["/host/dmi/chassis_type", "/device/pci/subsystem_vendor_id"],
) if {
	laptop
} else := verdict.not_applicable(verdict.msg("known_pattern.not_applicable", {}), ["/catalogue"]) if {
	input.catalogue
	provenance.known_ids
	not laptop
} else := lib.device_lacks(verdict.msg("known_pattern.lacks", {}), ["/pci/vendor_id", "/pci/device_id"])
