# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/sysfs-rules.html
# custom:
#   id: GA-BD-016
#   severity: medium
#   scope: device
#   question: code
package gpuaudit.rules.backdoor.module_stale

import data.gpuaudit.lib
import data.gpuaudit.verdict

module := input.device.driver.module

decision := verdict.fail(
	verdict.msg("module_stale.fail", {"name": object.get(module, "name", "?"), "running": module.srcversion, "file": module.file.srcversion}),
	["/device/driver/module/srcversion", "/device/driver/module/file/srcversion"],
) if {
	module.srcversion != module.file.srcversion
} else := verdict.fail(
	verdict.msg("module_stale.fail_2", {"name": object.get(module, "name", "?"), "running": module.version, "file": module.file.version}),
	["/device/driver/module/version", "/device/driver/module/file/version"],
) if {
	module.version != module.file.version
} else := verdict.fail(
	verdict.msg("module_stale.fail_3", {"name": object.get(module, "name", "?"), "running": module.build_id, "file": module.file.build_id}),
	["/device/driver/module/build_id", "/device/driver/module/file/build_id"],
) if {
	module.build_id != module.file.build_id
} else := lib.no_module if {
	lib.no_module
} else := verdict.pass(
	verdict.msg("module_stale.pass_2", {"name": object.get(module, "name", "?"), "id": module.build_id}),
	["/device/driver/module/build_id", "/device/driver/module/file/build_id"],
) if {
	module.build_id == module.file.build_id
} else := verdict.pass(
	verdict.msg("module_stale.pass", {"name": object.get(module, "name", "?"), "srcversion": module.srcversion}),
	["/device/driver/module/srcversion", "/device/driver/module/file/srcversion"],
) if {
	module.srcversion == module.file.srcversion
	same_presence
} else := lib.device_lacks(verdict.msg("module_stale.lacks", {}), [
	"/driver/module/srcversion", "/driver/module/file/srcversion",
	"/driver/module/build_id", "/driver/module/file/build_id",
])

# same_presence: the loaded module and its file both state a version, or neither
# does.
same_presence if {
	module.version
	module.file.version
}

same_presence if {
	not module.version
	not module.file.version
}
