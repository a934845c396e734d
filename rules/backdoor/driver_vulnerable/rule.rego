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

# longest is how old the bulletins may be for a version without a known fault to
# pass, in days.
longest := 180

fresh if {
	some set in input.data_sets
	set.name == "driver_advisories"
	set.age_days >= 0
	set.age_days <= longest
}

dots(v) := concat(".", [sprintf("%d", [v[0]]), sprintf("%d", [v[1]]), sprintf("%02d", [v[2]])])

ids := {f.id | some f in advisories.open}

needed := max([f.fixed | some f in advisories.open])

worst := max(array.concat([0], [f.score | some f in advisories.open; f.score]))

evidence := ["/device/driver/module/version"]

decision := advisories.other_driver if {
	advisories.other_driver
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("driver_vulnerable.fail", {"version": input.device.driver.module.version, "count": count(ids), "score": worst, "fixed": dots(needed), "branch": advisories.branch_name, "bulletin": sort({f.bulletin | some f in advisories.open})}),
		evidence,
	),
	dots(needed),
) if {
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
	advisories.installed
	not fresh
} else := verdict.pass(
	verdict.msg("driver_vulnerable.pass", {"version": input.device.driver.module.version, "day": driver_advisories.newest_published, "branch": advisories.branch_name}),
	evidence,
) if {
	advisories.applies
	advisories.installed
	count(advisories.open) == 0
} else := advisories.no_driver if {
	input.device
	lib.complete(input.device, "/driver")
} else := lib.device_lacks(verdict.msg("driver_vulnerable.lacks", {}), ["/driver/module/version"])
