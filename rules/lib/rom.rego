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

# complete: at least one ROM was read, and nothing of those that were is missing.
# Another source that could not be read does not count: a gap at /firmware/roms
# itself beside a ROM that is there, as where the user gives a dump.
complete if {
	count(roms) > 0
	every g in object.get(input.device, "gaps", []) {
		harmless(g.fact)
	}
}

# read: the same, and each ROM has images, and every image states its kind.
read if {
	complete
	lib.all_have(roms, ["source"])
	every rom in roms {
		count(rom.images) > 0
		lib.all_have(rom.images, ["code_type"])
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
sources := sort({object.get(words, r.source, r.source) | some r in roms})

words := {"file": verdict.msg("rom.given", {}), "flash": verdict.msg("rom.given", {})}

# none is the verdict of a rule on ROM content for a function without a ROM.
none := verdict.not_applicable(verdict.msg("rom.none", {}), ["/device/pci/bars"]) if lib.no_rom

# part are the readings that are no whole ROM by their nature, with the reason in
# words. That their chain has no end says nothing of the card.
part[i] := verdict.msg("rom.part.shadow", {}) if some i in shadow

part[i] := verdict.msg("rom.part.kept", {}) if {
	some i, rom in roms
	rom.source in {"vfct", "debugfs"}
}

part[i] := verdict.msg("rom.part.configuration", {}) if some i in configuration

# shadow: the kernel gives the copy at c0000 in the place of the boot display's ROM
# where firmware made one (Linux, arch/x86/pci/fixup.c, pci_fixup_video). It is one
# legacy image that is not the last. The BIOS that runs from it may write into it.
shadow contains i if {
	input.device.pci.boot_vga == true
	some i, rom in roms
	[image] := rom.images
	image.code_type == "00"
	image.last == false
	rom.bytes <= shadow_bytes
}

# shadow_bytes is what a PC has in memory for it, from c0000 to dffff.
shadow_bytes := 131072

# configuration: Intel's graphics cards keep configuration (f0, ff) and code (f1 and
# the images that a host runs) in two parts of their flash, which Intel's tools
# write, and its drivers bring, one by one (intel/igsc, lib/igsc_oprom.h).
configuration contains i if {
	some i, rom in roms
	rom.images[0].code_type == "f0"
	every image in rom.images {
		image.code_type in {"f0", "ff"}
		image.vendor_id == "8086"
	}
}

# partitions are the signed partitions of all ROMs with their place.
partitions := [{"rom": i, "pointer": pointer, "value": partition} |
	some i, rom in roms
	some j, partition in object.get(rom, "partitions", [])
	pointer := sprintf("/device/firmware/roms/%d/partitions/%d", [i, j])
]

# code_signed are the ROMs in which a key that is known signed the code that a host
# runs. Intel's are the only ones (docs/data-sources.md).
code_signed contains p.rom if {
	some p in partitions
	p.value.key
	some m in p.value.modules
	m.name == "CODE"
}

# run_by_host are the code types that a host runs or hands to an interpreter.
run_by_host := {"00", "01", "02", "03"}

# strays are images that a host runs and that are in no signed partition, in a ROM
# whose maker signs its code.
strays := [x |
	some x in images
	x.rom in code_signed
	x.value.chain == 0
	x.value.code_type in run_by_host
	object.get(x.value, "partition", "none") == "none"
]

# partitioned: the ROMs have partitions, or images that hold one.
partitioned if count(partitions) > 0

partitioned if {
	some x in images
	x.value.code_type in {"f0", "f1"}
}

# as_signed: each ROM that was read is as its maker signed it.
as_signed if {
	read
	every rom in roms {
		count(rom.partitions) > 0
		every partition in rom.partitions {
			partition.state == "authentic"
		}
		every image in rom.images {
			placed(image)
		}
	}
}

placed(image) if image.code_type in {"f0", "f1", "ff"}

placed(image) if is_number(image.partition)

placed(image) if image.chain > 0

# maker_signed: the same, and the code that a host runs is among it.
maker_signed if {
	as_signed
	every i, _ in roms {
		i in code_signed
	}
}

# signed_as names who signed which version, for a sentence.
signed_as := sort({verdict.msg("rom.signed_as", {"version": p.value.version, "key": p.value.key}) | some p in partitions})

# own are the EFI images of the card itself: system firmware may add others to what
# it hands to the driver.
own := [x | some x in efi; x.source != "vfct"]

# all_unsigned: the card has EFI images of its own, and none of them is signed.
all_unsigned if {
	count(own) > 0
	every x in own {
		x.value.efi.signed == false
	}
}

# signing_since is the year from which NVIDIA, AMD and Intel sign the EFI driver of
# each discrete card that they launch: Windows 8 asked for it at the end of 2012. Of
# some 400 dumps of NVIDIA's and AMD's discrete cards that this tool was measured on,
# all that have an EFI image that unpacks have a signed one, and so have all of
# Intel's. Of NVIDIA's the day on which the ROM was built tells as much, with a year
# for chips that were sold on; AMD's and Intel's processors with graphics have
# unsigned drivers to this day.
signing_since := "2013"

maker_signs if {
	input.device.pci.vendor_id in {"10de", "1002", "8086"}
	input.catalogue.accelerator.launch_date >= signing_since
	not exempt
}

maker_signs if {
	input.device.pci.vendor_id == "10de"
	some r in roms
	r.build_date >= "2014"
	not exempt
}

# exempt: boards that Apple had made have drivers for its own firmware, and the
# graphics of a processor have no ROM of their own.
exempt if input.device.pci.subsystem_vendor_id == "106b"

exempt if object.get(input, ["catalogue", "accelerator", "memory_unified"], false) == true

exempt if {
	some f in lib.functions_of_card
	f.vendor_id == "1022"
}
