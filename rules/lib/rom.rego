# METADATA
# description: The images of the ROMs that were read, and when there is none to read.
package gpuaudit.rom

import data.gpuaudit.lib
import data.gpuaudit.verdict

roms := object.get(input.device.firmware, "roms", [])

# images are all images of all ROMs with their place: rom and image are indexes.
images := [{"rom": i, "image": j, "pointer": pointer, "source": object.get(rom, "source", ""), "value": image} |
	some i, rom in roms
	some j, image in object.get(rom, "images", [])
	pointer := sprintf("/device/firmware/roms/%d/images/%d", [i, j])
]

# efi are the images that are EFI by their code type or by what was parsed.
efi := [x | some x in images; is_efi(x.value)]

is_efi(image) if image.code_type == "03"

is_efi(image) if image.efi

# read: at least one ROM was read, each has images, every image states its kind,
# and nothing of them is missing. Another source that could not be read does not
# count: a gap at /firmware/roms itself beside a ROM that is there.
read if {
	count(roms) > 0
	lib.all_have(roms, ["source"])
	every rom in roms {
		count(rom.images) > 0
		lib.all_have(rom.images, ["code_type"])
	}
	every g in object.get(input.device, "gaps", []) {
		harmless(g.fact)
	}
}

harmless(fact) if {
	fact == "/firmware/roms"
} else if {
	not lib.covers(fact, "/firmware/roms")
	not startswith(fact, "/firmware/roms/")
}

# sources names how the ROMs were read, for a sentence: a file that the user gave
# is the user's word.
sources := concat(" and ", sort({object.get(words, r.source, r.source) | some r in roms}))

words := {"file": "the file that was given"}

# none is the verdict of a rule on ROM content for a function without a ROM.
none := verdict.not_applicable("The function offers no expansion ROM that the host could run.", ["/device/pci/bars"]) if lib.no_rom
