# METADATA
# related_resources:
# - ref: https://www.nvidia.com/en-us/security/
# - ref: https://github.com/NVIDIA/product-security
# custom:
#   id: GA-BD-033
#   severity: high
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.driver_vulnerable

import data.gpuaudit.advisories
import data.gpuaudit.data.driver_advisories
import data.gpuaudit.lib
import data.gpuaudit.verdict

ids := {f.id | some f in advisories.open}

needed := max([f.fixed | some f in advisories.open])

graded := advisories.grade(advisories.open)

# line is what the fix is of.
line := verdict.msg("advisories.branch", {"branch": advisories.branch_name}) if {
	advisories.installed
} else := verdict.msg("advisories.module", {"module": input.device.driver.module.name})

evidence := ["/device/driver/module/version"]

decision := advisories.other_driver if {
	advisories.other_driver
} else := verdict.graded(verdict.keyed(
	verdict.fail(
		verdict.msg("driver_vulnerable.fail", {"version": input.device.driver.module.version, "count": count(ids), "score": advisories.score(advisories.open), "fixed": advisories.written(needed), "line": line, "bulletin": sort({f.bulletin | some f in advisories.open}), "why": graded.why}),
		evidence,
	),
	advisories.written(needed),
), graded.severity) if {
	count(advisories.open) > 0
} else := verdict.unknown(
	verdict.msg("driver_vulnerable.unknown", {"bulletin": driver_advisories.newest_bulletin, "day": driver_advisories.newest_published, "branch": advisories.branch_name}),
	evidence,
) if {
	advisories.installed
	not advisories.branch.complete
} else := verdict.unknown(
	verdict.msg("driver_vulnerable.unknown_2", {"date": driver_advisories.date, "version": input.device.driver.module.version}),
	["/data_sets"],
) if {
	told
	not advisories.fresh
} else := verdict.pass(
	verdict.msg("driver_vulnerable.pass", {"version": input.device.driver.module.version, "day": driver_advisories.newest_published, "bulletin": driver_advisories.newest_bulletin, "branch": advisories.branch_name}),
	evidence,
) if {
	advisories.installed
	count(advisories.open) == 0
} else := verdict.pass(
	verdict.msg("driver_vulnerable.pass_2", {"version": input.device.driver.module.version, "number": count(advisories.module.fixes), "module": input.device.driver.module.name, "day": driver_advisories.date}),
	evidence,
) if {
	advisories.module_version
	count(advisories.open) == 0
} else := advisories.no_driver if {
	input.device
	lib.complete(input.device, "/driver")
} else := lib.device_lacks(verdict.msg("driver_vulnerable.lacks", {}), ["/driver/module/version"])

# told: the version is of a form that is compared.
told if advisories.installed

told if advisories.module_version
