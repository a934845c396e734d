# METADATA
# title: Driver and ROM state different firmware versions
# description: |
#   The driver reports a VBIOS version that the ROM, as it was read, does not
#   state. Then what was read is not what runs: the flash was written since the
#   card started, the ROM given to the audit is of another card, or one of the two
#   does not tell the truth.
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-PR-012
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   proves: sign
#   remediation: >-
#     Switch the machine off and on and audit again. If they still differ, read
#     the flash with a programmer and compare.
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
} else := lib.device_lacks(verdict.msg("version_disagrees.lacks", {}), ["/firmware/versions", "/firmware/roms"])
