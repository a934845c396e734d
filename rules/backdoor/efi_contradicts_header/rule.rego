# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/14_Protocols_PCI_Bus_Support.html
# - ref: https://learn.microsoft.com/windows/win32/debug/pe-format
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-066
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.backdoor.efi_contradicts_header

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

driver := "boot-service-driver"

contradictions := array.concat(
	array.concat(
		[c |
			some x in rom.efi
			x.value.efi.pe_subsystem != x.value.efi.subsystem
			c := {"at": x, "fact": "pe_subsystem", "says": x.value.efi.pe_subsystem, "header": x.value.efi.subsystem}
		],
		[c |
			some x in rom.efi
			x.value.efi.pe_subsystem == x.value.efi.subsystem
			x.value.efi.pe_subsystem != driver
			c := {"at": x, "fact": "pe_subsystem", "says": x.value.efi.pe_subsystem, "header": verdict.msg("efi_contradicts_header.that_too", {})}
		],
	),
	[c |
		some x in rom.efi
		x.value.efi.pe_machine != x.value.efi.machine
		c := {"at": x, "fact": "pe_machine", "says": x.value.efi.pe_machine, "header": x.value.efi.machine}
	],
)

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_contradicts_header.fail", {"image": contradictions[0].at.image, "says": contradictions[0].says, "header": contradictions[0].header}),
		[sprintf("%s/efi/%s", [c.at.pointer, c.fact]) | some c in contradictions],
	),
	concat(",", sort({object.get(c.at.value, "sha256", "") | some c in contradictions})),
) if {
	count(contradictions) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_contradicts_header.pass", {"images": count(rom.efi), "sources": rom.sources}),
	[concat("", [x.pointer, "/efi/pe_subsystem"]) | some x in rom.efi],
) if {
	rom.read
	count(rom.efi) > 0
	every x in rom.efi {
		lib.all_have([x.value.efi], ["pe_subsystem", "pe_machine", "subsystem", "machine"])
	}
} else := verdict.not_applicable(verdict.msg("efi_contradicts_header.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.efi) == 0
} else := verdict.unknown(
	verdict.msg("efi_contradicts_header.unknown", {}),
	[concat("", [x.pointer, "/efi/pe_subsystem"]) | some x in rom.efi],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_contradicts_header.lacks", {}), ["/firmware/roms"])
