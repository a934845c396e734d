# METADATA
# title: Driver module is not signed
# description: |
#   The module of the device's driver carries no signature, or the kernel marked
#   it as unsigned when it was loaded. Nobody vouches for it then. It is of medium
#   severity because every module that a machine builds for itself (DKMS) is
#   unsigned unless its owner set up a key. That a signature is there says
#   nothing of its validity: the kernel's mark does.
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/module-signing.html
# custom:
#   id: GA-BD-012
#   severity: medium
#   scope: device
#   question: code
#   remediation: >-
#     Use the distribution's signed module, or enrol a key of your own and sign
#     the module with it; then boot with module.sig_enforce=1 or Secure Boot.
package gpuaudit.rules.backdoor.module_unsigned

import data.gpuaudit.lib
import data.gpuaudit.verdict

module := input.device.driver.module

decision := verdict.fail(
	verdict.msg("module_unsigned.fail", {"name": object.get(module, "name", "?")}),
	["/device/driver/module/file/signature"],
) if {
	module.file.signature.present == false
} else := verdict.fail(
	verdict.msg("module_unsigned.fail_2", {"name": object.get(module, "name", "?")}),
	["/device/driver/module/taint"],
) if {
	contains(module.taint, "E")
} else := lib.no_module if {
	lib.no_module
} else := verdict.pass(
	verdict.msg("module_unsigned.pass", {"name": module.name, "signer": object.get(module.file.signature, "signer", "none")}),
	["/device/driver/module/file/signature", "/device/driver/module/taint"],
) if {
	module.file.signature.present == true
	not contains(module.taint, "E")
	is_string(module.taint)
} else := lib.device_lacks(verdict.msg("module_unsigned.lacks", {}), ["/driver/module/file/signature", "/driver/module/taint"])
