# METADATA
# related_resources:
# - ref: https://learn.microsoft.com/windows/win32/debug/pe-format#attribute-certificate-table-image-only
# - ref: https://attack.mitre.org/techniques/T1027/
# custom:
#   id: GA-BD-067
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: signature
package gpuaudit.rules.backdoor.efi_hidden_data

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

# uncovered are the places, and how a sentence calls them.
uncovered := {"overlay": verdict.msg("efi_hidden_data.overlay", {}), "certificate": verdict.msg("efi_hidden_data.certificates", {})}

signed := [x | some x in rom.efi; x.value.efi.signed == true]

# told: whether it is signed is known, and for a signed one what it holds.
told(efi) if efi.signed == false

told(efi) if {
	efi.signed == true
	every place, _ in uncovered {
		is_number(efi[place].non_blank)
	}
}

hidden := [h |
	some x in signed
	some place, words in uncovered
	x.value.efi[place].non_blank > 0
	h := {"at": x, "place": place, "words": words, "bytes": x.value.efi[place].non_blank}
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_hidden_data.fail", {"image": hidden[0].at.image, "bytes": hidden[0].bytes, "where": hidden[0].words}),
		[sprintf("%s/efi/%s", [h.at.pointer, h.place]) | some h in hidden],
	),
	concat(",", sort({object.get(h.at.value, "sha256", "") | some h in hidden})),
) if {
	count(hidden) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("efi_hidden_data.pass", {"images": count(signed), "sources": rom.sources}),
	[concat("", [x.pointer, "/efi"]) | some x in signed],
) if {
	rom.read
	count(signed) > 0
	every x in rom.efi {
		told(x.value.efi)
	}
} else := verdict.not_applicable(verdict.msg("efi_hidden_data.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	every x in rom.efi {
		x.value.efi.signed == false
	}
} else := verdict.unknown(
	verdict.msg("efi_hidden_data.unknown", {}),
	[concat("", [x.pointer, "/efi"]) | some x in rom.efi],
) if {
	rom.read
} else := lib.device_lacks(verdict.msg("efi_hidden_data.lacks", {}), ["/firmware/roms"])
