# METADATA
# related_resources:
# - ref: https://github.com/Syllo/nvtop/pull/344
# - ref: https://pcisig.com/specifications
# custom:
#   id: GA-PR-011
#   severity: medium
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.link_below_catalogue

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

bridges := object.get(input.device, "bridges", [])

# upstream is the place of the port of an Intel card's own switch that is in the slot. The
# card behind it states 2.5 GT/s x1, whatever the slot does (Syllo/nvtop#344). Such a
# switch is the card's last two bridges; a third one is the machine's.
upstream := count(bridges) - 2 if {
	input.device.pci.vendor_id == "8086"
	count(bridges) > 2
	every b in array.slice(bridges, count(bridges) - 2, count(bridges)) {
		b.vendor_id == "8086"
	}
}

# inside: what is read is the link within an Intel card, whose switch does not show, as in
# an external box or a guest: it is 2.5 GT/s x1 of every such card.
inside if {
	input.device.pci.vendor_id == "8086"
	not upstream
	link.max_speed_gts == 2.5
	link.max_width == 1
}

link := bridges[upstream].link if upstream

link := input.device.pci.link if not upstream

place := sprintf("/bridges/%d/link", [upstream]) if upstream

place := "/pci/link" if not upstream

part := input.catalogue.accelerator

# speeds are GT/s per lane by PCI Express generation.
speeds := {1: 2.5, 2: 5, 3: 8, 4: 16, 5: 32, 6: 64}

expected_speed := speeds[part.pcie_gen]

evidence := [concat("", ["/device", place])]

stated := verdict.msg("link_below_catalogue.link", {"speed": link.max_speed_gts, "width": link.max_width})

made_for := verdict.msg("link_below_catalogue.link", {"speed": expected_speed, "width": part.pcie_lanes})

below if link.max_speed_gts < expected_speed

below if link.max_width < part.pcie_lanes

decision := verdict.not_applicable(
	verdict.msg("link_below_catalogue.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("link_below_catalogue.no_card", {"what": provenance.no_card}), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.not_applicable(
	verdict.msg("link_below_catalogue.not_applicable_2", {}),
	["/catalogue"],
) if {
	input.catalogue
	provenance.known_ids
	not made_for
} else := verdict.unknown(
	verdict.msg("link_below_catalogue.unknown", {"stated": stated, "name": object.get(part, "name", verdict.msg("provenance.part", {})), "made_for": made_for}),
	evidence,
) if {
	below
	provenance.guest
} else := verdict.unknown(verdict.msg("link_below_catalogue.inside", {"stated": stated}), evidence) if {
	below
	inside
} else := verdict.fail(
	verdict.msg("link_below_catalogue.fail", {"stated": stated, "name": object.get(part, "name", verdict.msg("provenance.part", {})), "made_for": made_for}),
	evidence,
) if {
	below
} else := verdict.pass(verdict.msg("link_below_catalogue.pass", {"stated": stated, "made_for": made_for}), evidence) if {
	stated
	made_for
	not below
} else := lib.device_lacks(verdict.msg("link_below_catalogue.lacks", {}), [concat("", [place, "/max_speed_gts"]), concat("", [place, "/max_width"])])
