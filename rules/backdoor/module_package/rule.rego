# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1547/006/
# custom:
#   id: GA-BD-015
#   severity: high
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.module_package

import data.gpuaudit.lib
import data.gpuaudit.verdict

file := input.device.driver.module.file

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("module_package.fail", {"path": object.get(file, "path", verdict.msg("module_package.the_file", {})), "name": object.get(file.package, "name", "?")}),
		["/device/driver/module/file/package", "/device/driver/module/file/sha256"],
	),
	object.get(file, "sha256", ""),
) if {
	file.package.digest == "mismatch"
} else := lib.no_module if {
	lib.no_module
} else := verdict.pass(
	verdict.msg("module_package.pass", {"path": object.get(file, "path", verdict.msg("module_package.the_file", {})), "name": object.get(file.package, "name", "?")}),
	["/device/driver/module/file/package"],
) if {
	file.package.digest == "match"
} else := verdict.not_applicable(
	verdict.msg("module_package.not_applicable", {}),
	["/device/driver/module/file/package_owned"],
) if {
	file.package_owned == false
} else := verdict.not_applicable(
	verdict.msg("module_package.not_applicable_2", {}),
	["/device/driver/module/file"],
) if {
	file.sha256
	lib.gap(input.device, "/driver/module/file/package").reason == "not-present"
} else := lib.device_lacks(verdict.msg("module_package.lacks", {}), ["/driver/module/file/package/digest"])
