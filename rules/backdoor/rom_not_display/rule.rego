# METADATA
# related_resources:
# - ref: https://download.nvidia.com/open-gpu-doc/BIOS-Information-Table/1/BIOS-Information-Table.html
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-069
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.backdoor.rom_not_display

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# makers are those whose ROMs were measured, and the tables of theirs.
makers := {"10de": {"bit", "bmp"}, "1002": {"atom", "ati"}, "8086": set()}

speaking := [x | some x in rom.images; x.value.vendor_id in object.keys(makers)]

legacy := [x | some x in speaking; x.value.code_type == "00"; count(makers[x.value.vendor_id]) > 0]

# old are ids of cards that came before the table of today: NVIDIA's before
# NV50, ATI's before R520.
old(image) if {
	image.directory == "bmp"
	image.device_id < "0400"
}

old(image) if {
	image.directory == "ati"
	image.device_id >= "3000"
	image.device_id < "6000"
}

old(image) if {
	image.directory == "ati"
	image.device_id in {"7834", "7835"}
}

has_table(image) if image.directory in {"bit", "atom"}

has_table(image) if old(image)

strange := [x |
	some x in legacy
	is_string(x.value.directory)
	not has_table(x.value)
]

# foreign is the class of another kind of device; 000000 states none.
foreign := [x |
	some x in speaking
	not x.value.class_code in {"", "000000"}
	base := substring(x.value.class_code, 0, 2)
	not base in {"03", "12"}
	base != substring(object.get(input.device.pci, "class_code", "000000"), 0, 2)
]

bad := array.concat(strange, foreign)

detail := verdict.msg("rom_not_display.fail", {"image": strange[0].image}) if {
	count(strange) > 0
} else := verdict.msg("rom_not_display.fail_2", {"image": foreign[0].image, "class": foreign[0].value.class_code})

decision := verdict.keyed(
	verdict.fail(detail, [x.pointer | some x in bad]),
	concat(",", sort({object.get(x.value, "sha256", "") | some x in bad})),
) if {
	count(bad) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_not_display.pass", {"images": count(speaking), "sources": rom.sources}),
	[x.pointer | some x in speaking],
) if {
	rom.read
	count(speaking) > 0
	lib.all_have([x.value | some x in rom.images], ["vendor_id", "class_code"])
	lib.all_have([x.value | some x in legacy], ["directory", "device_id"])
} else := verdict.not_applicable(
	verdict.msg("rom_not_display.not_applicable", {}),
	["/device/firmware/roms"],
) if {
	rom.read
	lib.all_have([x.value | some x in rom.images], ["vendor_id"])
	count(speaking) == 0
} else := lib.device_lacks(verdict.msg("rom_not_display.lacks", {}), ["/firmware/roms"])
