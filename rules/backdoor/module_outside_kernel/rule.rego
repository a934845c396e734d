# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-013
#   severity: low
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.module_outside_kernel

import data.gpuaudit.lib
import data.gpuaudit.verdict

module := input.device.driver.module

# marks are the kernel's letters for a module: proprietary, out of tree, staging,
# live patch, supported by others.
marks := {
	"P": verdict.msg("module_outside_kernel.proprietary", {}),
	"O": verdict.msg("module_outside_kernel.out_of_tree", {}),
	"C": verdict.msg("module_outside_kernel.staging", {}),
	"K": verdict.msg("module_outside_kernel.live_patch", {}),
	"X": verdict.msg("module_outside_kernel.third_party", {}),
}

found := [word | some letter, word in marks; contains(module.taint, letter)]

decision := verdict.fail(
	verdict.msg("module_outside_kernel.fail", {"name": object.get(module, "name", "?"), "marks": found}),
	["/device/driver/module/taint"],
) if {
	count(found) > 0
} else := verdict.fail(
	verdict.msg("module_outside_kernel.fail_2", {"name": object.get(module, "name", "?")}),
	["/device/driver/module/file/in_tree"],
) if {
	module.file.in_tree == false
} else := lib.no_module if {
	lib.no_module
} else := verdict.pass(
	verdict.msg("module_outside_kernel.pass", {"name": module.name}),
	["/device/driver/module/file/in_tree", "/device/driver/module/taint"],
) if {
	module.file.in_tree == true
	is_string(module.taint)
} else := lib.device_lacks(verdict.msg("module_outside_kernel.lacks", {}), ["/driver/module/taint", "/driver/module/file/in_tree"])
