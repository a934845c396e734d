# METADATA
# title: Known sign of a mislabelled or repurposed part
# description: |
#   The device shows a sign that was seen on cards sold as something else: a
#   laptop chip in a desktop, a mining card without a board id, a device id that
#   the id list calls an engineering sample or a fake, or the id of a cut-down
#   part that was sold under the full part's name. The card may still be honestly
#   sold as what it is.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-015
#   severity: medium
#   scope: device
#   identity: counterfeit
#   remediation: >-
#     Compare what the invoice says with what the finding says. If they agree,
#     waive the finding for this card.
package gpuaudit.rules.provenance.known_pattern

import data.gpuaudit.lib
import data.gpuaudit.verdict

# portable are the chassis types (SMBIOS, DSP0134 7.4.1) in which a laptop's chip
# is no surprise: laptops, tablets, all-in-one and small computers.
portable := {8, 9, 10, 13, 14, 30, 31, 32, 35, 36}

part := object.get(input, ["catalogue", "accelerator", "name"], "name not known")

mods := object.get(input, ["catalogue", "mods"], [])

# nameless: a case that does not say which it is.
nameless if {
	some m in mods
	not m.id
}

# Each sign is a key and a sentence.
signs["engineering-sample"] := sprintf("The device id is that of %s, which is not for sale.", [name]) if {
	name := input.catalogue.accelerator.name
	contains(name, "Engineering Sample")
}

signs["fake-id"] := sprintf("The PCI id list calls this device id %s.", [name]) if {
	name := input.catalogue.accelerator.name
	endswith(name, " FAKE")
}

signs["laptop-on-desktop"] := sprintf("The part is a laptop's (%s), and the chassis of type %d is no portable one.", [part, chassis]) if {
	mod("laptop-on-desktop")
	chassis := input.host.dmi.chassis_type
	not chassis in portable
}

signs["mining-null-subsystem"] := "The part is a mining card, and its board has no id (0000)." if {
	mod("mining-null-subsystem")
	input.device.pci.subsystem_vendor_id == "0000"
}

signs["rx580-2048sp"] := "The silicon is that of a Radeon RX 570; the part was also sold as an RX 580." if {
	mod("rx580-2048sp")
}

mod(id) := [m | some m in mods; m.id == id][0]

# unread: a sign of this device id that could not be looked for.
unread contains "/host/dmi/chassis_type" if {
	mod("laptop-on-desktop")
	not input.host.dmi.chassis_type
}

unread contains "/device/pci/subsystem_vendor_id" if {
	mod("mining-null-subsystem")
	not input.device.pci.subsystem_vendor_id
}

found := sort([key | some key, _ in signs])

decision := verdict.keyed(
	verdict.fail(
		concat(" ", [signs[key] | some key in found]),
		["/device/pci/device_id", "/catalogue"],
	),
	concat(",", found),
) if {
	count(found) > 0
} else := verdict.unknown("Not all signs that are known of this device id could be looked for.", sort(unread)) if {
	count(unread) > 0
} else := verdict.not_applicable("No sign is known by which this device id would be mislabelled.", ["/catalogue"]) if {
	input.catalogue
	input.device.pci.device_id
	count(mods) == 0
} else := verdict.pass(
	sprintf("No known sign of a mislabelled part was seen (%s).", [part]),
	["/device/pci/device_id"],
) if {
	input.device.pci.device_id
	count(mods) > 0
	not nameless
} else := lib.device_lacks("Whether the part is what it is sold as", ["/pci/device_id"])
