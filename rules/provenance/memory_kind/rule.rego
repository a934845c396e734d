# METADATA
# related_resources:
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/nouveau/nvkm/subdev/bios/M0203.c
# - ref: https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/include/atomfirmware.h
# custom:
#   id: GA-PR-085
#   severity: medium
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.memory_kind

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# known are the kinds of memory chip that a ROM's table names. Of 413 public dumps of
# parts whose memory the catalogue knows, all but one name it: that of a GT 1030 with
# DDR4.
known := {"DDR2", "DDR3", "DDR4", "GDDR3", "GDDR5", "GDDR5X", "GDDR6", "GDDR6X", "GDDR7", "HBM", "DDR5", "LPDDR3", "LPDDR4", "LPDDR5"}

# small cards are sold with either of these.
small := {"DDR2", "DDR3", "DDR4", "GDDR3", "GDDR5"}

# kind leaves out what tables do not tell apart.
kind(name) := "HBM" if {
	startswith(upper(name), "HBM")
} else := upper(name)

part := object.get(input.catalogue, "accelerator", {})

sold := kind(part.memory_type)

chips := [{"pointer": sprintf("/device/firmware/roms/%d/memory/%d", [i, j]), "rom": i, "kind": kind(m.type)} |
	some i, r in rom.roms
	some j, m in r.memory
	m.place in {"bit.M", "atom.VRAM_Info"}
]

kinds := {c.kind | some c in chips}

other if {
	count(kinds) > 0
	not sold in kinds
	count(kinds - known) == 0
}

grade := "low" if {
	sold in small
	count(kinds - small) == 0
} else := "medium"

decision := verdict.graded(verdict.keyed(
	verdict.fail(
		verdict.msg("memory_kind.fail", {"kinds": sort(kinds), "sold": sold, "name": object.get(part, "name", "part")}),
		array.concat([c.pointer | some c in chips], ["/catalogue/accelerator/memory_type"]),
	),
	concat(",", sort({object.get(rom.roms[c.rom], "sha256", "") | some c in chips})),
), grade) if {
	sold
	other
} else := rom.none if {
	rom.none
} else := verdict.not_applicable(verdict.msg("memory_kind.not_applicable", {}), ["/catalogue"]) if {
	input.catalogue
	not sold
} else := verdict.pass(
	verdict.msg("memory_kind.pass", {"sold": sold, "name": object.get(part, "name", "part")}),
	[c.pointer | some c in chips],
) if {
	rom.read
	sold in kinds
} else := verdict.not_applicable(verdict.msg("memory_kind.not_applicable_2", {}), ["/device/firmware/roms"]) if {
	rom.read
} else := lib.device_lacks(verdict.msg("memory_kind.lacks", {}), ["/firmware/roms"])
