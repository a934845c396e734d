# METADATA
# related_resources:
# - ref: https://pcisig.com/specifications
# - ref: https://uefi.org/specs/UEFI/2.10/14_Protocols_PCI_Bus_Support.html
# custom:
#   id: GA-BD-005
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.rom_structure

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# unreadable: what was read is no whole ROM, which says nothing of the ROM.
unreadable := {"empty", "blank", "no-image", "too-large", "truncated-image"}

# harmless: another rule's subject (sum), seen in honest ROMs (header-length),
# or a format that we do not know well enough (vendor-structure).
harmless := {"sum", "header-length", "vendor-structure"}

faults := [{"pointer": pointer, "rom": i, "value": fault} |
	some i, r in rom.roms
	some j, fault in object.get(r, "faults", [])
	pointer := sprintf("/device/firmware/roms/%d/faults/%d", [i, j])
]

broken := [f |
	some f in faults
	not object.get(f.value, "kind", "empty") in (unreadable | harmless)
	not open_end(f)
]

open_end(f) if {
	f.value.kind == "chain-without-last"
	rom.part[f.rom]
}

# whys are why what was read is no whole ROM, where it is not.
whys := array.concat(
	[rom.part[f.rom] | some f in faults; open_end(f)],
	[trim_right(object.get(f.value, "detail", "-"), ".") | some f in faults; not object.get(f.value, "kind", "empty") in harmless],
)

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_structure.fail", {"faults": count(broken), "kind": broken[0].value.kind, "offset": object.get(broken[0].value, "offset", -1), "detail": trim_right(object.get(broken[0].value, "detail", "-"), ".")}),
		[f.pointer | some f in broken],
	),
	concat(",", sort([f.value.kind | some f in broken])),
) if {
	count(broken) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_structure.pass", {"images": count(rom.images), "sources": rom.sources}),
	[x.pointer | some x in rom.images],
) if {
	rom.read
	every f in faults {
		f.value.kind in harmless
	}
} else := verdict.unknown(
	verdict.msg("rom_structure.unknown", {"why": whys[0]}),
	["/device/firmware/roms"],
) if {
	count(whys) > 0
} else := lib.device_lacks(verdict.msg("rom_structure.lacks", {}), ["/firmware/roms"])
