# METADATA
# related_resources:
# - ref: https://github.com/intel/igsc
# custom:
#   id: GA-PR-061
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.provenance.partition_boards

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.rom
import data.gpuaudit.verdict

pci := input.device.pci

shown := provenance.id(pci.subsystem_vendor_id, pci.subsystem_device_id) if {
	pci.vendor_id
	pci.device_id
}

chip := provenance.id(pci.vendor_id, pci.device_id)

limited := [p | some p in rom.partitions; count(object.get(p.value, "boards", [])) > 0]

is_for(board) if {
	provenance.id(board.subsystem_vendor_id, board.subsystem_device_id) == shown
	of_chip(board)
}

of_chip(board) if not board.device_id

of_chip(board) if provenance.id(board.vendor_id, board.device_id) == chip

fits(partition) if {
	some board in partition.boards
	is_for(board)
}

others := [p | some p in limited; not fits(p.value)]

named contains provenance.id(board.subsystem_vendor_id, board.subsystem_device_id) if {
	some p in others
	some board in p.value.boards
	not board.device_id
}

named contains verdict.msg("partition_boards.board", {
	"board": provenance.id(board.subsystem_vendor_id, board.subsystem_device_id),
	"chip": provenance.id(board.vendor_id, board.device_id),
}) if {
	some p in others
	some board in p.value.boards
	board.device_id
}

evidence := ["/device/pci/subsystem_vendor_id", "/device/pci/subsystem_device_id", "/device/firmware/roms"]

decision := verdict.fail(
	verdict.msg("partition_boards.fail", {"shown": shown, "chip": chip, "boards": sort(named)}),
	evidence,
) if {
	shown
	count(others) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(verdict.msg("partition_boards.pass", {"shown": shown}), evidence) if {
	shown
	count(limited) > 0
	rom.complete
} else := verdict.not_applicable(verdict.msg("partition_boards.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(limited) == 0
} else := lib.device_lacks(
	verdict.msg("partition_boards.lacks", {}),
	["/firmware/roms", "/pci/vendor_id", "/pci/device_id", "/pci/subsystem_vendor_id", "/pci/subsystem_device_id"],
)
