# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/module-signing.html
# custom:
#   id: GA-BD-012
#   severity: medium
#   scope: device
#   question: code
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
