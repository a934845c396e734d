# METADATA
# title: ROM holds something dense that no table names
# description: |
#   Between or behind the images lie data that are compressed or encrypted, or the
#   head of a program, and no table of the vendor's accounts for them. Code that
#   something else is to load can be kept like this. Looked at are 4 KiB windows
#   of 7.2 bits per byte and more, and windows of 1 KiB in which 320 bytes and more
#   that are not blank repeat each other as rarely as random ones do, less the
#   entries of AMD's security processor and what follows an init block of NVIDIA's
#   flash; what lies in front of NVIDIA's first image is the flash's own. Plain machine code and tables are
#   less dense and are not seen here. None of the dumps measured for this tool is
#   like this.
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-042
#   severity: medium
#   scope: device
#   question: code
#   remediation: >-
#     Look at the region (gpuaudit firmware inspect names its offset), and compare
#     it with the vendor's ROM for this board and with the dump of a card from
#     another source.
package gpuaudit.rules.backdoor.rom_unnamed_code

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

regions := [{"pointer": sprintf("/device/firmware/roms/%d/regions/%d", [i, j]), "value": region} |
	some i, r in rom.roms
	some j, region in object.get(r, "regions", [])
	not flash(r, region)
]

# flash: what lies in front of the images of NVIDIA's flash.
flash(r, region) if {
	region.kind == "lead"
	r.images[0].vendor_id == "10de"
}

bad := [x | some x in regions; suspect(x.value)]

suspect(region) if region.dense_bytes > 0

suspect(region) if region.executables > 0

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("rom_unnamed_code.fail", {"offset": object.get(bad[0].value, "offset", -1), "kind": object.get(bad[0].value, "kind", "?"), "bytes": object.get(bad[0].value, "bytes", -1), "dense": object.get(bad[0].value, "dense_bytes", 0), "executables": object.get(bad[0].value, "executables", 0)}),
		[x.pointer | some x in bad],
	),
	concat(",", sort({object.get(x.value, "sha256", "") | some x in bad})),
) if {
	count(bad) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_unnamed_code.pass", {"sources": rom.sources}),
	[x.pointer | some x in rom.images],
) if {
	rom.read
	every x in regions {
		every key in ["dense_bytes", "executables"] {
			key in object.keys(x.value)
		}
	}
	every r in rom.roms {
		lib.all_have(object.get(r, "regions", []), ["kind"])
	}
} else := lib.device_lacks(verdict.msg("rom_unnamed_code.lacks", {}), ["/firmware/roms"])
