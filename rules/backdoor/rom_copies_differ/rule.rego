# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# custom:
#   id: GA-BD-011
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_copies_differ

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# code are the digests of the images that a host would run. Regions around them
# depend on the source and are not compared.
code(i) := {x.value.sha256 |
	some x in rom.images
	x.rom == i
	x.value.code_type in {"00", "03"}
}

pairs := [[i, j] |
	some i, _ in rom.roms
	some j, _ in rom.roms
	i < j
	differ(i, j)
]

# What system firmware or the driver keeps of a ROM may lack images that they
# had no use for.
partial(i) if rom.roms[i].source in {"vfct", "debugfs"}

differ(i, j) if {
	not partial(i)
	not partial(j)
	code(i) != code(j)
}

differ(i, j) if {
	some k in [i, j]
	partial(k)
	count(code(i) - code(j)) > 0
	count(code(j) - code(i)) > 0
}

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_copies_differ.fail", {"source": rom.roms[pairs[0][0]].source, "other": rom.roms[pairs[0][1]].source}),
		[sprintf("/device/firmware/roms/%d", [i]) | some pair in pairs; some i in pair],
	),
	concat(",", sort([object.get(r, "sha256", "") | some r in rom.roms])),
) if {
	count(pairs) > 0
	comparable
} else := verdict.pass(
	verdict.msg("rom_copies_differ.pass", {"readings": count(rom.roms)}),
	[sprintf("/device/firmware/roms/%d", [i]) | some i, _ in rom.roms],
) if {
	count(rom.roms) > 1
	count(pairs) == 0
	comparable
} else := verdict.not_applicable(verdict.msg("rom_copies_differ.not_applicable", {}), ["/device"]) if {
	count(rom.roms) < 2
	no_other
} else := rom.none if {
	rom.none
} else := lib.device_lacks(verdict.msg("rom_copies_differ.lacks", {}), ["/firmware/roms"])

# no_other: there is no further reading to be had. Beside a dump that was given, a
# card that has no ROM to read through the kernel leaves nothing open.
no_other if lib.complete(input.device, "/firmware/roms")

no_other if {
	rom.complete
	every g in input.device.gaps {
		other(g)
	}
}

other(g) if g.fact != "/firmware/roms"

other(g) if g.reason == "not-present"

comparable if {
	lib.all_have([x.value | some x in rom.images], ["code_type", "sha256"])
	lib.all_have(rom.roms, ["source", "images"])
}
