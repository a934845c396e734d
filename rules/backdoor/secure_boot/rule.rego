# METADATA
# related_resources:
# - ref: https://uefi.org/specs/UEFI/2.10/32_Secure_Boot_and_Driver_Signing.html
# custom:
#   id: GA-BD-021
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.secure_boot

import data.gpuaudit.lib
import data.gpuaudit.verdict

boot := input.host.boot

decision := verdict.fail(verdict.msg("secure_boot.fail", {}), ["/host/boot/mode"]) if {
	boot.mode == "bios"
} else := verdict.fail(verdict.msg("secure_boot.fail_2", {}), ["/host/boot/secure_boot"]) if {
	boot.secure_boot == false
} else := verdict.fail(verdict.msg("secure_boot.fail_3", {}), ["/host/boot/setup_mode"]) if {
	boot.setup_mode == true
} else := verdict.pass(verdict.msg("secure_boot.pass", {}), ["/host/boot/secure_boot", "/host/boot/setup_mode"]) if {
	boot.secure_boot == true
	boot.setup_mode == false
} else := lib.host_lacks(verdict.msg("secure_boot.lacks", {}), ["/boot/secure_boot", "/boot/setup_mode"])
