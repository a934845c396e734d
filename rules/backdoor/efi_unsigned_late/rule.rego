# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# - ref: https://attack.mitre.org/techniques/T1542/
# custom:
#   id: GA-BD-063
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.efi_unsigned_late

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

launched := verdict.msg("efi_unsigned_late.launched", {"day": input.catalogue.accelerator.launch_date}) if {
	input.catalogue.accelerator.launch_date
} else := verdict.msg("efi_unsigned_late.of_its_age", {})

signed := [x.pointer | some x in rom.own; x.value.efi.signed == true]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("efi_unsigned_late.fail", {"launched": launched}),
		[x.pointer | some x in rom.own],
	),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in rom.own])),
) if {
	rom.read
	rom.all_unsigned
	rom.maker_signs
} else := rom.none if {
	rom.none
} else := verdict.pass(verdict.msg("efi_unsigned_late.pass", {}), signed) if {
	rom.read
	count(signed) > 0
} else := verdict.not_applicable(verdict.msg("efi_unsigned_late.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	count(rom.own) == 0
} else := verdict.not_applicable(verdict.msg("efi_unsigned_late.not_applicable_2", {}), ["/device/pci", "/catalogue"]) if {
	rom.read
	rom.all_unsigned
	unsigned_by_design
} else := verdict.not_applicable(verdict.msg("efi_unsigned_late.not_applicable_3", {}), ["/reference/firmware"]) if {
	rom.read
	input.reference.firmware.state == "match"
} else := lib.device_lacks(verdict.msg("efi_unsigned_late.lacks", {}), ["/firmware/roms", "/pci/vendor_id"])

unsigned_by_design if rom.exempt

unsigned_by_design if input.catalogue.accelerator.launch_date < rom.signing_since

unsigned_by_design if {
	input.device.pci.vendor_id
	not input.device.pci.vendor_id in {"10de", "1002", "8086"}
}
