# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1547/006/
# custom:
#   id: GA-BD-045
#   severity: low
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.module_unowned

import data.gpuaudit.lib
import data.gpuaudit.verdict

file := input.device.driver.module.file

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("module_unowned.fail", {"path": object.get(file, "path", verdict.msg("module_unowned.the_file", {}))}),
		["/device/driver/module/file/package_owned"],
	),
	object.get(file, "sha256", ""),
) if {
	file.package_owned == false
} else := lib.no_module if {
	lib.no_module
} else := verdict.pass(
	verdict.msg("module_unowned.pass", {"name": object.get(file.package, "name", "?"), "path": object.get(file, "path", verdict.msg("module_unowned.the_file", {}))}),
	["/device/driver/module/file/package"],
) if {
	file.package_owned == true
	file.package
} else := verdict.not_applicable(
	verdict.msg("module_unowned.not_applicable", {}),
	["/device/driver/module/file"],
) if {
	file.sha256
	lib.gap(input.device, "/driver/module/file/package").reason == "not-present"
} else := lib.device_lacks(verdict.msg("module_unowned.lacks", {}), ["/driver/module/file/package_owned"])
