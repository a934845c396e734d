# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-PR-012
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   proves: sign
package gpuaudit.rules.provenance.version_disagrees

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# stated are the texts by which each ROM names its version, in lower case.
stated contains lower(r.version) if some r in rom.roms

stated contains lower(r.part) if some r in rom.roms

# claims leaves out what drivers print when they do not know the version:
# xxx-xxx-xxx (amdgpu) and ??.??.??.??.?? (NVIDIA).
claims := [claim |
	some claim in input.device.firmware.versions
	trim(lower(claim.version), "x?.-") != ""
]

foreign := [claim |
	some claim in claims
	not lower(claim.version) in stated
]

evidence := ["/device/firmware/versions", "/device/firmware/roms"]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("version_disagrees.fail", {"source": object.get(foreign[0], "source", verdict.msg("version_disagrees.the_driver", {})), "version": foreign[0].version, "rom": sort(stated)}),
		evidence,
	),
	foreign[0].version,
) if {
	count(stated) > 0
	count(foreign) > 0
} else := verdict.pass(verdict.msg("version_disagrees.pass", {}), evidence) if {
	count(stated) > 0
	count(claims) > 0
	every claim in claims {
		lower(claim.version) in stated
	}
	lib.complete(input.device, "/firmware/versions")
} else := verdict.unknown(
	verdict.msg("version_disagrees.unknown", {}),
	[sprintf("/device/firmware/roms/%d/version", [i]) | some i, _ in rom.roms],
) if {
	count(claims) > 0
	count(stated) == 0
	rom.complete
} else := rom.none if {
	rom.none
} else := lib.device_lacks(verdict.msg("version_disagrees.lacks", {}), ["/firmware/versions", "/firmware/roms"])
