# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/14_Protocols_PCI_Bus_Support.html
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-068
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: contradiction
package gpuaudit.rules.backdoor.efi_slack

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# most is how many bytes that are not blank honest images have in a place: one
# for the sum behind the driver, 440 in front of it.
most := {"slack": 1, "front": 1024}

words := {"slack": verdict.msg("efi_slack.behind", {}), "front": verdict.msg("efi_slack.front", {})}

filled := [f |
	some x in rom.efi
	some place, n in most
	room := x.value.efi[place]
	room.non_blank > n
	f := {"at": x, "place": place, "room": room}
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_slack.fail", {"image": filled[0].at.image, "bytes": filled[0].room.non_blank, "where": words[filled[0].place], "offset": object.get(filled[0].room, "offset", -1)}),
		[sprintf("%s/efi/%s", [f.at.pointer, f.place]) | some f in filled],
	),
	concat(",", sort({object.get(f.at.value, "sha256", "") | some f in filled})),
) if {
	count(filled) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_slack.pass", {"images": count(rom.efi), "sources": rom.sources}),
	[concat("", [x.pointer, "/efi/slack"]) | some x in rom.efi],
) if {
	rom.read
	count(rom.efi) > 0
	every x in rom.efi {
		every place, _ in most {
			is_number(x.value.efi[place].non_blank)
		}
	}
} else := verdict.not_applicable(verdict.msg("efi_slack.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.efi) == 0
} else := verdict.unknown(
	verdict.msg("efi_slack.unknown", {}),
	[concat("", [x.pointer, "/efi/slack"]) | some x in rom.efi],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_slack.lacks", {}), ["/firmware/roms"])
