# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# custom:
#   id: GA-BD-055
#   severity: high
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.boot_secure_boot_lie

import data.gpuaudit.attestation
import data.gpuaudit.verdict

boot := input.attestation.boot

words := {true: verdict.msg("boot_secure_boot_lie.on", {}), false: verdict.msg("boot_secure_boot_lie.off", {})}

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(
	verdict.msg("boot_secure_boot_lie.fail", {"state": object.get(words, object.get(boot, "secure_boot", null), verdict.msg("boot_secure_boot_lie.another_state", {}))}),
	["/attestation/boot/secure_boot_agrees", "/host/boot"],
) if {
	boot.secure_boot_agrees == "differs"
} else := verdict.pass(
	verdict.msg("boot_secure_boot_lie.pass", {}),
	["/attestation/boot/secure_boot_agrees", "/host/boot"],
) if {
	attestation.proven
	boot.secure_boot_agrees == "same"
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_secure_boot_lie.what", {})), ["/attestation"])
