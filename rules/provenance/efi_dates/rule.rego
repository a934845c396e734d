# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-PR-081
#   severity: low
#   scope: device
#   question: code
package gpuaudit.rules.provenance.efi_dates

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# most_late and most_early are months of the ROM after its driver and before it.
most_late := 48

most_early := 2

form := `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`

months(day) := (to_number(substring(day, 0, 4)) * 12) + to_number(trim_left(substring(day, 5, 2), "0")) if regex.match(form, day)

pairs := [p |
	some x in rom.own
	object.get(x.value, "chain", 0) == 0
	built := rom.roms[x.rom].build_date
	driver := x.value.efi.display.built
	p := {"at": x, "built": built, "driver": driver, "late": months(built) - months(driver)}
]

# unread are images of which it is not known whose driver they are.
unread := [concat("", [x.pointer, "/efi/display"]) | some x in rom.own; not x.value.efi.display.maker]

odd := [p |
	some p in pairs
	not fits(p)
]

fits(p) if {
	p.late <= most_late
	p.late >= 0 - most_early
}

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_dates.fail", {"built": odd[0].built, "driver": odd[0].driver}),
		array.concat(
			[sprintf("/device/firmware/roms/%d/build_date", [p.at.rom]) | some p in odd],
			[concat("", [p.at.pointer, "/efi/display/built"]) | some p in odd],
		),
	),
	concat(",", sort({object.get(p.at.value, "sha256", "") | some p in odd})),
) if {
	count(odd) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_dates.pass", {"built": pairs[0].built, "driver": pairs[0].driver}),
	[concat("", [p.at.pointer, "/efi/display/built"]) | some p in pairs],
) if {
	rom.read
	count(pairs) > 0
	count(unread) == 0
} else := verdict.not_applicable(verdict.msg("efi_dates.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(unread) == 0
} else := verdict.unknown(verdict.msg("efi_dates.unknown", {}), unread) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_dates.lacks", {}), ["/firmware/roms"])
