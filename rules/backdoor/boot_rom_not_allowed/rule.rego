# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# - ref: https://csrc.nist.gov/pubs/sp/800/147/b/final
# custom:
#   id: GA-BD-058
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.boot_rom_not_allowed

import data.gpuaudit.attestation
import data.gpuaudit.verdict

boot := object.get(object.get(input, "attestation", {}), "boot", {})

same(store) if object.get(boot, concat("", [store, "_agrees"]), "") == "same"

# ran are the drivers that firmware measured and that are in the ROM, with their
# images: what was measured is looked up by its digest.
ran := [{"pointer": d.pointer, "value": d.value, "efi": img.efi} |
	some d in attestation.measured
	some rom in input.device.firmware.roms
	some img in rom.images
	object.get(d.value, "digest", "") in digests(img)
]

digests(img) := {digest |
	some digest in [object.get(img.efi, "authenticode_sha256", ""), object.get(img.efi, "measured_sha256", ""), object.get(img, "sha256", "")]
	digest != ""
}

# refused says why db does not allow an image; in_db and in_dbx are of the stores
# that the system shows, which count where they are those that were measured.
refused(efi) := verdict.msg("boot_rom_not_allowed.in_dbx", {}) if {
	efi.in_dbx == true
	same("dbx")
} else := verdict.msg("boot_rom_not_allowed.unsigned", {}) if {
	efi.signed == false
	efi.in_db == false
	same("db")
} else := verdict.msg("boot_rom_not_allowed.signer", {}) if {
	efi.in_db == false
	same("db")
} else := verdict.msg("boot_rom_not_allowed.nothing_vouched", {}) if {
	efi.signed == false
	not object.get(efi, "in_db", false)
	boot.option_rom_verification == "not-shown"
} else := verdict.msg("boot_rom_not_allowed.does_not_fit", {}) if {
	efi.signed == true
	false in {object.get(efi, "digest_matches", true), object.get(efi, "signature_valid", true)}
}

# allowed: db lists the image's own digest, or a signer whose signature fits it.
allowed(efi) if {
	same("db")
	same("dbx")
	efi.in_db == true
	efi.in_dbx == false
	intact(efi)
}

intact(efi) if efi.signed == false

intact(efi) if {
	efi.signed == true
	efi.digest_matches == true
	efi.signature_valid == true
}

bad := [d | some d in ran; refused(d.efi)]

good := {d.pointer | some d in ran; allowed(d.efi)}

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("boot_rom_not_allowed.fail", {"why": refused(bad[0].efi)}),
		array.concat(["/attestation/boot/secure_boot"], attestation.pointers(bad)),
	),
	concat(",", sort([d.value.digest | some d in bad])),
) if {
	boot.secure_boot == true
	count(bad) > 0
} else := verdict.not_applicable(verdict.msg("boot_rom_not_allowed.not_applicable", {}), ["/attestation/boot/secure_boot"]) if {
	attestation.proven
	boot.secure_boot == false
} else := attestation.strays if {
	attestation.strays
} else := verdict.pass(
	verdict.msg("boot_rom_not_allowed.pass", {"drivers": count(attestation.measured)}),
	array.concat(["/attestation/boot/secure_boot"], attestation.pointers(attestation.measured)),
) if {
	attestation.proven
	boot.secure_boot == true
	attestation.all_drivers
	attestation.no_strays
	count(attestation.measured) > 0
	count(good) == count(attestation.measured)
} else := attestation.no_driver if {
	attestation.no_driver
} else := verdict.unknown(
	verdict.msg("boot_rom_not_allowed.unknown", {"drivers": attestation.named(attestation.measured)}),
	["/device/firmware/roms", "/attestation/boot/db_agrees"],
) if {
	attestation.proven
	count(attestation.measured) > 0
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_rom_not_allowed.what", {})), ["/attestation"])
