# METADATA
# title: Unknown maker of the board
# description: |
#   The subsystem vendor id is neither among the known board makers nor in the
#   PCI id list. An unusual board maker is no fault: genuine cards come from
#   makers whom few know. An id that nobody holds is worth a question.
# related_resources:
# - ref: https://pci-ids.ucw.cz/
# custom:
#   id: GA-PR-006
#   severity: low
#   scope: device
#   remediation: >-
#     Ask the seller who made the board, and look the subsystem vendor id up with
#     the PCI-SIG.
package gpuaudit.rules.provenance.unknown_board_vendor

import data.gpuaudit.lib
import data.gpuaudit.verdict

vendor := input.device.pci.subsystem_vendor_id

# name is that of the board's maker, which may be the maker of the silicon.
name := [found |
	some found in [
		object.get(input, ["catalogue", "board_maker", "name"], null),
		object.get(input, ["device", "names", "subsystem_vendor"], null),
		own,
	]
	found != null
][0]

default own := null

own := input.catalogue.maker.name if vendor == input.device.pci.vendor_id

decision := verdict.not_applicable(
	"The subsystem vendor id is blank: see GA-PR-005.",
	["/device/pci/subsystem_vendor_id"],
) if {
	vendor in {"0000", "ffff"}
} else := verdict.pass(
	sprintf("The subsystem vendor id %s belongs to %s.", [vendor, trim_suffix(name, ".")]),
	["/device/pci/subsystem_vendor_id"],
) if {
	vendor
} else := verdict.fail(
	sprintf("The subsystem vendor id %s is neither a known board maker's nor in the PCI id list.", [vendor]),
	["/device/pci/subsystem_vendor_id"],
) if {
	input.device.names
	input.catalogue
} else := lib.device_lacks("The maker of the board", ["/pci/subsystem_vendor_id"])
