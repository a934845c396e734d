# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-014
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.module_forced

import data.gpuaudit.lib
import data.gpuaudit.verdict

module := input.device.driver.module

decision := verdict.fail(
	verdict.msg("module_forced.fail", {"name": object.get(module, "name", "?")}),
	["/device/driver/module/taint"],
) if {
	contains(module.taint, "F")
} else := lib.no_module if {
	lib.no_module
} else := verdict.pass(
	verdict.msg("module_forced.pass", {"name": object.get(module, "name", "?")}),
	["/device/driver/module/taint"],
) if {
	is_string(module.taint)
} else := lib.device_lacks(verdict.msg("module_forced.lacks", {}), ["/driver/module/taint"])
