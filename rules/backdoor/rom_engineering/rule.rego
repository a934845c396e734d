# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-BD-043
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_engineering

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# words are what a text says of the build that it stands in. A word that could say
# something else ("debug", "evaluation") counts only beside one that tells what it
# is said of.
words := `(?i)(^|[^a-z])((debug|engineering|evaluation|prototype|test) (build|release|version|firmware|bios|vbios|sample|board)|eng sample|engineering use|internal use only|bring-?up|pre-?production|not for (sale|resale|production)|mod(ded|ified)? by)([^a-z]|$)`

placeholder := `(?i)de\.?ad.*be\.?ef`

texts := array.concat(
	[{"pointer": sprintf("/device/firmware/roms/%d/texts/%d", [i, j]), "text": object.get(text, "text", "")} |
		some i, r in rom.roms
		some j, text in object.get(r, "texts", [])
	],
	[{"pointer": sprintf("/device/firmware/versions/%d", [i]), "text": object.get(claim, "version", "")} |
		some i, claim in object.get(input.device.firmware, "versions", [])
	],
)

said := [t | some t in texts; telling(t.text)]

telling(text) if regex.match(words, text)

telling(text) if regex.match(placeholder, text)

# debug_only are ROMs that list the debug build of NVIDIA's FWSEC (application
# 45), and not the one for sale (85).
debug_only := [sprintf("/device/firmware/roms/%d/microcode", [i]) |
	some i, r in rom.roms
	applications := {object.get(m, "application", "85") | some m in object.get(r, "microcode", [])}
	"45" in applications
	not "85" in applications
]

decision := verdict.keyed(
	verdict.fail(verdict.msg("rom_engineering.fail", {"text": sprintf("%q", [said[0].text])}), [t.pointer | some t in said]),
	concat(",", sort({t.text | some t in said})),
) if {
	count(said) > 0
} else := verdict.fail(verdict.msg("rom_engineering.fail_2", {}), debug_only) if {
	count(debug_only) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("rom_engineering.pass", {"texts": count(texts)}),
	[t.pointer | some t in texts],
) if {
	rom.read
	count(texts) > 0
	every r in rom.roms {
		lib.all_have(object.get(r, "texts", []), ["text"])
		lib.all_have(object.get(r, "microcode", []), ["application"])
	}
	every r in rom.roms {
		r.texts
	}
	lib.all_have(object.get(input.device.firmware, "versions", []), ["version"])
	lib.complete(input.device, "/firmware/versions")
} else := verdict.not_applicable(verdict.msg("rom_engineering.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(texts) == 0
} else := lib.device_lacks(verdict.msg("rom_engineering.lacks", {}), ["/firmware/roms", "/firmware/versions"])
