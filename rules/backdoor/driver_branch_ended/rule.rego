# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/datacenter/tesla/drivers/
# custom:
#   id: GA-BD-034
#   severity: medium
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.driver_branch_ended

import data.gpuaudit.advisories
import data.gpuaudit.data.driver_advisories
import data.gpuaudit.lib
import data.gpuaudit.verdict

month := substring(input.now, 0, 7)

branch := advisories.branch

evidence := ["/device/driver/module/version"]

# last are branches after which no other supports the card, by its architecture.
last contains name if {
	some name, b in driver_advisories.nvidia
	some architecture in b.last_for
	startswith(input.catalogue.accelerator.architecture, architecture)
}

# maintained are the branches that the card can move to.
maintained := [verdict.msg("driver_branch_ended.until", {"branch": name, "end": b.eol}) |
	some name, b in driver_advisories.nvidia
	b.eol >= month
	every end in last {
		name <= end
	}
]

decision := advisories.other_driver if {
	advisories.other_driver
} else := verdict.fail(
	verdict.msg("driver_branch_ended.fail", {"branch": advisories.branch_name, "end": branch.eol, "source": branch.source, "maintained": maintained}),
	evidence,
) if {
	branch.eol < month
} else := verdict.fail(
	verdict.msg("driver_branch_ended.fail_2", {"branch": advisories.branch_name, "source": branch.source, "maintained": maintained}),
	evidence,
) if {
	branch.ended == true
} else := verdict.pass(verdict.msg("driver_branch_ended.pass", {"branch": advisories.branch_name, "end": branch.eol}), evidence) if {
	branch.eol >= month
} else := verdict.unknown(
	verdict.msg("driver_branch_ended.unknown", {"branch": advisories.branch_name}),
	evidence,
) if {
	advisories.installed
} else := advisories.no_driver if {
	input.device
	lib.complete(input.device, "/driver")
} else := lib.device_lacks(verdict.msg("driver_branch_ended.lacks", {}), ["/driver/module/version"])
