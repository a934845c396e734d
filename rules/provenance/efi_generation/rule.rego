# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-PR-080
#   severity: medium
#   scope: device
#   question: code
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.provenance.efi_generation

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# families are the letters of NVIDIA's chips by the first number of a ROM's version.
families := {"80": "gk", "82": "gm", "84": "gm", "86": "gp", "88": "gv", "90": "tu", "92": "ga", "94": "ga", "95": "ad", "96": "gh", "97": "gb", "98": "gb"}

# majors are the first numbers of AMD's drivers by that of a ROM's version: Polaris,
# Vega 10, Navi 23. Others were not measured.
majors := {"015": "1", "016": "2", "020": "3"}

pairs := [p |
	some x in rom.own
	object.get(x.value, "chain", 0) == 0
	version := rom.roms[x.rom].version
	driver := x.value.efi.display
	p := pair(x, version, driver)
]

pair(x, version, driver) := {"at": x, "says": driver.family, "version": version, "fits": startswith(driver.family, families[prefix])} if {
	driver.maker == "10de"
	prefix := substring(version, 0, 2)
	families[prefix]
	driver.family
}

pair(x, version, driver) := {"at": x, "says": driver.version, "version": version, "fits": startswith(driver.version, concat("", [majors[prefix], "."]))} if {
	driver.maker == "1002"
	prefix := substring(version, 0, 3)
	majors[prefix]
	driver.version
}

# unread are images of which it is not known whose driver they are.
unread := [concat("", [x.pointer, "/efi/display"]) | some x in rom.own; not x.value.efi.display.maker]

other := [p | some p in pairs; not p.fits]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_generation.fail", {"image": other[0].at.image, "says": other[0].says, "version": other[0].version}),
		array.concat(
			[concat("", [p.at.pointer, "/efi/display"]) | some p in other],
			[sprintf("/device/firmware/roms/%d/version", [p.at.rom]) | some p in other],
		),
	),
	concat(",", sort({object.get(p.at.value, "sha256", "") | some p in other})),
) if {
	count(other) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_generation.pass", {"says": pairs[0].says, "version": pairs[0].version}),
	[concat("", [p.at.pointer, "/efi/display"]) | some p in pairs],
) if {
	rom.read
	count(pairs) > 0
	count(unread) == 0
} else := verdict.not_applicable(verdict.msg("efi_generation.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(unread) == 0
} else := verdict.unknown(verdict.msg("efi_generation.unknown", {}), unread) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_generation.lacks", {}), ["/firmware/roms"])
