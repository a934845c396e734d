# METADATA
# related_resources:
# - ref: https://github.com/notfromstatefarm/nvflashk/issues/19
# custom:
#   id: GA-PR-013
#   severity: medium
#   scope: device
#   question: identity
#   identity: modified
#   proves: sign
package gpuaudit.rules.provenance.rom_subsystem

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.rom
import data.gpuaudit.verdict

shown := provenance.id(input.device.pci.subsystem_vendor_id, input.device.pci.subsystem_device_id)

inside contains provenance.id(r.subsystem_vendor_id, r.subsystem_device_id) if {
	some r in rom.roms
}

# silent are the places where a ROM would name its board. Those of Intel's cards name
# boards where a signature covers them, which GA-PR-061 asks about.
silent := [sprintf("/device/firmware/roms/%d/subsystem_device_id", [i]) | some i, _ in rom.roms]

evidence := ["/device/pci/subsystem_vendor_id", "/device/pci/subsystem_device_id", "/device/firmware/roms"]

decision := verdict.fail(
	verdict.msg("rom_subsystem.fail", {"shown": shown, "made_for": sort(inside)}),
	evidence,
) if {
	count(inside - {shown}) > 0
} else := verdict.pass(verdict.msg("rom_subsystem.pass", {"shown": shown}), evidence) if {
	shown in inside
	rom.complete
} else := verdict.not_applicable(verdict.msg("rom_subsystem.not_applicable", {}), ["/device/firmware/roms"]) if {
	count(inside) == 0
	rom.complete
	rom.as_signed
} else := verdict.unknown(
	verdict.msg("rom_subsystem.unknown", {}),
	silent,
) if {
	shown
	count(inside) == 0
	rom.complete
} else := rom.none if {
	rom.none
} else := lib.device_lacks(
	verdict.msg("rom_subsystem.lacks", {}),
	["/firmware/roms", "/pci/subsystem_vendor_id", "/pci/subsystem_device_id"],
)
