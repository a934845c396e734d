# METADATA
# related_resources:
# - ref: https://github.com/NVIDIA/open-gpu-kernel-modules
# custom:
#   id: GA-PR-007
#   severity: low
#   scope: device
#   question: identity
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
