# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-PR-020
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.provenance.seen_modified

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# legacy are the sightings of legacy images. An EFI image is signed, and says by
# that whether it was changed; that it lies in a modified dump means nothing.
legacy := [s |
	some s in object.get(input.reference, "sightings", [])
	input.device.firmware.roms[s.rom].images[s.image].code_type == "00"
	s.by == "image"
]

pointer(s) := sprintf("/device/firmware/roms/%d/images/%d/sha256", [s.rom, s.image])

suspect := [s | some s in legacy; s.modified > 0; s.as_published == 0]

clean := [s | some s in legacy; s.as_published > 0]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("seen_modified.fail", {"dumps": suspect[0].modified, "owners": suspect[0].owners, "places": suspect[0].places}),
		[pointer(s) | some s in suspect],
	),
	concat(",", sort([object.get(input.device.firmware.roms[s.rom].images[s.image], "sha256", "") | some s in suspect])),
) if {
	count(suspect) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("seen_modified.pass", {"dumps": clean[0].as_published, "owners": clean[0].owners}),
	[pointer(s) | some s in clean],
) if {
	rom.read
	count(clean) > 0
	with_digests
} else := verdict.not_applicable(verdict.msg("seen_modified.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(legacy) == 0
	with_digests
} else := lib.device_lacks(verdict.msg("seen_modified.lacks", {}), ["/firmware/roms"])

with_digests if lib.all_have([x.value | some x in rom.images; x.value.code_type == "00"], ["sha256"])
