# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# custom:
#   id: GA-BD-044
#   severity: low
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.rom_unreadable

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

refused := {
	"io-error": verdict.msg("rom_unreadable.failed", {}),
	"malformed": verdict.msg("rom_unreadable.malformed", {}),
	"limit": verdict.msg("rom_unreadable.limit", {}),
	"timeout": verdict.msg("rom_unreadable.timeout", {}),
}

why := refused[lib.gap(input.device, "/firmware/roms").reason]

# A sentence more for the display that the machine was started with.
started := verdict.msg("rom_unreadable.boot_display", {}) if input.device.pci.boot_vga == true

started := "" if not input.device.pci.boot_vga == true

decision := verdict.pass(
	verdict.msg("rom_unreadable.pass", {"sources": rom.sources}),
	["/device/firmware/roms"],
) if {
	rom.read
} else := verdict.fail(
	verdict.msg("rom_unreadable.fail", {"why": why, "boot_display": started}),
	["/device/gaps"],
) if {
	count(rom.roms) == 0
	why
} else := rom.none if {
	rom.none
} else := lib.device_lacks(verdict.msg("rom_unreadable.lacks", {}), ["/firmware/roms"])
