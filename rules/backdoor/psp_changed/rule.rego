# METADATA
# related_resources:
# - ref: https://github.com/PSPReverse/PSPTool
# - ref: https://doc.coreboot.org/soc/amd/psp_integration.html
# - ref: https://attack.mitre.org/techniques/T1542/001/
# custom:
#   id: GA-BD-093
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.psp_changed

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

entries := [{"pointer": sprintf("/device/firmware/roms/%d/psp/%d", [i, j]), "rom": i, "value": e} |
	some i, r in rom.roms
	some j, e in r.psp
]

known := {"authentic", "encrypted", "changed", "other-key", "unknown-key"}

judged := [e | some e in entries; e.value.state in known]

changed := [e | some e in judged; e.value.state == "changed"]

sound := [e | some e in judged; e.value.state in {"authentic", "encrypted"}]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("psp_changed.fail", {"types": sort({object.get(e.value, "type", "?") | some e in changed})}),
		[concat("", [e.pointer, "/state"]) | some e in changed],
	),
	concat(",", sort({object.get(rom.roms[e.rom], "sha256", "") | some e in changed})),
) if {
	count(changed) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("psp_changed.pass", {"programs": count(sound)}),
	[concat("", [e.pointer, "/state"]) | some e in sound],
) if {
	rom.read
	count(sound) > 0
	every e in entries {
		told(e.value)
	}
} else := verdict.not_applicable(verdict.msg("psp_changed.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(sound) == 0
	every e in entries {
		told(e.value)
	}
} else := verdict.unknown(
	verdict.msg("psp_changed.unknown", {}),
	[e.pointer | some e in entries; not told(e.value)],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("psp_changed.lacks", {}), ["/firmware/roms"])

# told: it is known whether the entry is a signed program, and what its signature is
# worth. One that was not read, and one that is no program, has neither.
told(e) if e.read == false

told(e) if {
	e.read == true
	e.state in known
}

told(e) if {
	e.read == true
	not e.signed
	not e.state
}
