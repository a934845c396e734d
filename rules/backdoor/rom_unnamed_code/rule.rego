# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-042
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_unnamed_code

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

regions := [{"pointer": sprintf("/device/firmware/roms/%d/regions/%d", [i, j]), "value": region} |
	some i, r in rom.roms
	some j, region in object.get(r, "regions", [])
	not flash(r, region)
	not strange(region)
]

# strange: of a file without an image nothing is outside its images. It is another form of a
# dump, or none.
strange(region) if region.kind == "opaque"

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
