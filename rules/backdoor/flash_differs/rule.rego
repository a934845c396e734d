# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# - ref: https://attack.mitre.org/techniques/T1542/001/
# custom:
#   id: GA-BD-075
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.flash_differs

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

dumps := [i | some i, r in rom.roms; r.source == "flash"]

# compared are the dumps in which the reading of the kernel was looked for.
compared := [{"pointer": sprintf("/device/firmware/roms/%d/in_flash", [i]), "rom": i, "value": rom.roms[i].in_flash} |
	some i in dumps
	rom.roms[i].in_flash.found == true
]

differing := [c | some c in compared; c.value.changed > 0]

# as_read: what the kernel gave is the card's own. The copy that firmware keeps in memory
# of a boot display's ROM is one that the program in it may have written to.
as_read if count(rom.shadow) == 0

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("flash_differs.fail", {"changed": differing[0].value.changed, "bytes": differing[0].value.bytes, "parts": object.get(differing[0].value, "differing", [])}),
		[c.pointer | some c in differing],
	),
	concat(",", sort({object.get(rom.roms[c.rom], "sha256", "") | some c in differing})),
) if {
	count(differing) > 0
	as_read
} else := rom.none if {
	rom.none
} else := verdict.not_applicable(verdict.msg("flash_differs.not_applicable", {}), ["/device/firmware/roms"]) if {
	count(dumps) == 0
	lib.all_have(rom.roms, ["source"])
	count(rom.roms) > 0
} else := verdict.pass(
	verdict.msg("flash_differs.pass", {"bytes": compared[0].value.bytes, "unseen": compared[0].value.unseen_bytes}),
	[c.pointer | some c in compared],
) if {
	count(compared) == count(dumps)
	count(differing) == 0
	every c in compared {
		c.value.short == false
		c.value.bytes > 0
		c.value.changed == 0
		c.value.unseen_bytes
	}
} else := verdict.unknown(
	verdict.msg("flash_differs.unknown", {}),
	[sprintf("/device/firmware/roms/%d", [i]) | some i in dumps],
) if {
	some i in dumps
	rom.roms[i].in_flash
} else := lib.device_lacks(verdict.msg("flash_differs.lacks", {}), ["/firmware/roms"])
