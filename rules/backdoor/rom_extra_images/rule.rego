# METADATA
# related_resources:
# - ref: https://pcisig.com/specifications
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-041
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_extra_images

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# most is how many images of a kind cards bring.
most := {"00": 1, "03": 2}

within(i, kind) := [x | some x in rom.images; x.rom == i; x.value.chain == 0; x.value.code_type == kind]

surplus := [x |
	some i, _ in rom.roms
	some kind, n in most
	some x in array.slice(within(i, kind), n, count(within(i, kind)))
]

# behind are images that a host could run and that no host is led to.
behind := [x |
	some x in rom.images
	x.value.chain > 0
	x.value.code_type in object.keys(most)
	not is_copy(x)
]

is_copy(x) if {
	some y in rom.images
	y.rom == x.rom
	y.value.chain == 0
	y.value.sha256 == x.value.sha256
}

extra := array.concat(surplus, behind)

# private_at are the images of NVIDIA's own processors, by their place.
private_at[i][p.offset] := {"pointer": sprintf("/device/firmware/roms/%d/private/%d", [i, j]), "value": p} if {
	some i, r in rom.roms
	some j, p in r.private
}

# shifts are how far the second copies of a firmware lie behind the first: those whose
# legacy image is the same.
shifts[i] contains second.value.offset - first.value.offset if {
	some first in rom.images
	first.value.chain == 0
	first.value.code_type == "00"
	i := first.rom
	some second in rom.images
	second.rom == i
	second.value.chain > 0
	second.value.sha256 == first.value.sha256
}

# unequal are images of a second copy that are not those of the first. In the dumps of
# six cards that hold two copies all are equal.
unequal := [q |
	some i, places in private_at
	some shift in shifts[i]
	some offset, p in places
	q := places[offset + shift]
	q.value.code_type == p.value.code_type
	q.value.sha256 != p.value.sha256
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_extra_images.fail", {"images": sort({x.image | some x in extra})}),
		[x.pointer | some x in extra],
	),
	concat(",", sort({object.get(x.value, "sha256", "") | some x in extra})),
) if {
	count(extra) > 0
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_extra_images.copy", {"offset": unequal[0].value.offset, "images": count(unequal)}),
		[q.pointer | some q in unequal],
	),
	concat(",", sort({q.value.sha256 | some q in unequal})),
) if {
	count(unequal) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_extra_images.pass", {"images": count(rom.images), "sources": rom.sources}),
	[x.pointer | some x in rom.images],
) if {
	rom.read
	every r in rom.roms {
		lib.all_have(r.images, ["chain", "sha256"])
	}
} else := lib.device_lacks(verdict.msg("rom_extra_images.lacks", {}), ["/firmware/roms"])
