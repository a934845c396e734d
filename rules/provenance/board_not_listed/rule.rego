# METADATA
# title: Board is not in the vendor's list for this device id
# description: |
#   The maker of the chip lists the boards that carry it, by subsystem id, and
#   this board is not among them. Newer boards than the list, engineering samples
#   and boards with changed ids look like this. Where a maker lists no boards for
#   a device id, as NVIDIA does for most consumer cards, nothing follows.
# related_resources:
# - ref: https://github.com/NVIDIA/open-gpu-kernel-modules
# custom:
#   id: GA-PR-007
#   severity: low
#   scope: device
#   question: identity
#   remediation: >-
#     Compare the board's label and part number with the maker's documents, and
#     ask the seller which product this is.
package gpuaudit.rules.provenance.board_not_listed

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

pci := input.device.pci

board := provenance.id(pci.subsystem_vendor_id, pci.subsystem_device_id)

chip := provenance.id(pci.vendor_id, pci.device_id)

evidence := ["/device/pci/subsystem_vendor_id", "/device/pci/subsystem_device_id"]

decision := verdict.fail(verdict.msg("board_not_listed.fail", {"chip": chip, "board": board}), evidence) if {
	input.catalogue.board_listed == false
} else := verdict.pass(
	verdict.msg("board_not_listed.pass", {"catalogue": input.catalogue.board_by, "board": board, "chip": chip}),
	array.concat(evidence, ["/catalogue/board_by"]),
) if {
	input.catalogue.board_listed == true
} else := verdict.pass(verdict.msg("board_not_listed.pass_2", {"chip": chip, "board": board}), evidence) if {
	input.catalogue.board_listed == true
} else := verdict.not_applicable(verdict.msg("board_not_listed.not_applicable", {"chip": chip}), evidence) if {
	input.catalogue
	board
} else := lib.device_lacks(verdict.msg("board_not_listed.lacks", {}), ["/pci/vendor_id", "/pci/device_id", "/pci/subsystem_vendor_id", "/pci/subsystem_device_id"])
