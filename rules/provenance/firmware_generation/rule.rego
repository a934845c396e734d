# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-032
#   severity: medium
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: sign
package gpuaudit.rules.provenance.firmware_generation

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.rom
import data.gpuaudit.verdict

part := input.catalogue.accelerator

prefixes := [upper(p) | some p in object.get(part, "vbios_prefixes", [])]

generations := {substring(p, 0, 2) | some p in prefixes}

chips := {upper(c) | some c in object.get(part, "chip_texts", [])}

form := `^[0-9A-Fa-f]{2}(\.[0-9A-Fa-f]{2}){4}$`

# versions are those of NVIDIA's form that say something: zeros are a share's.
versions := [v |
	some v in array.concat(
		[{"pointer": sprintf("/device/firmware/versions/%d", [i]), "text": c.version} | some i, c in input.device.firmware.versions],
		[{"pointer": sprintf("/device/firmware/roms/%d/version", [i]), "text": r.version} | some i, r in input.device.firmware.roms],
	)
	regex.match(form, v.text)
	not startswith(v.text, "00.00.00")
]

named := [c |
	some i, r in input.device.firmware.roms
	some j, t in r.texts
	t.name == "chip"
	c := {"pointer": sprintf("/device/firmware/roms/%d/texts/%d", [i, j]), "text": upper(trim(t.text, " "))}
	c.text != ""
]

foreign_versions := [v |
	count(generations) > 0
	some v in versions
	not upper(substring(v.text, 0, 2)) in generations
]

foreign_chips := [c |
	count(chips) > 0
	some c in named
	not c.text in chips
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("firmware_generation.fail", {"version": foreign_versions[0].text, "name": object.get(part, "name", "part"), "prefixes": prefixes}),
		[v.pointer | some v in foreign_versions],
	),
	foreign_versions[0].text,
) if {
	count(foreign_versions) > 0
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("firmware_generation.fail_2", {"chip": foreign_chips[0].text, "name": object.get(part, "name", "part"), "chips": sort(chips)}),
		[c.pointer | some c in foreign_chips],
	),
	foreign_chips[0].text,
) if {
	count(foreign_chips) > 0
} else := verdict.not_applicable(
	verdict.msg("firmware_generation.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("firmware_generation.not_applicable_2", {}), ["/catalogue"]) if {
	input.catalogue
	provenance.known_ids
	count(prefixes) == 0
	count(chips) == 0
} else := verdict.pass(
	verdict.msg("firmware_generation.pass", {"version": array.concat(versions, named)[0].text, "name": object.get(part, "name", "part")}),
	array.concat([v.pointer | some v in versions], [c.pointer | some c in named]),
) if {
	comparable
	provenance.known_ids
	count(foreign_versions) == 0
	count(foreign_chips) == 0
} else := rom.none if {
	# The chip's name stands in a ROM alone, and this function has none.
	rom.none
	input.catalogue
	provenance.known_ids
	count(prefixes) == 0
	count(chips) > 0
} else := lib.device_lacks(verdict.msg("firmware_generation.lacks", {}), ["/firmware/versions", "/firmware/roms"])

comparable if {
	count(prefixes) > 0
	count(versions) > 0
}

comparable if {
	count(chips) > 0
	count(named) > 0
}
