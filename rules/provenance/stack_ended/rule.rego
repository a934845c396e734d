# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/datacenter/tesla/drivers/cuda-toolkit-driver-and-architecture-matrix.html
# - ref: https://rocm.docs.amd.com/projects/install-on-linux/en/latest/reference/system-requirements.html
# custom:
#   id: GA-PR-027
#   severity: low
#   scope: device
#   question: work
package gpuaudit.rules.provenance.stack_ended

import data.gpuaudit.data.software_support
import data.gpuaudit.lib
import data.gpuaudit.software
import data.gpuaudit.verdict

stack := software.family.stack

range := verdict.msg("stack_ended.from", {"release": stack.min_version}) if not stack.max_version

range := verdict.msg("stack_ended.not_stated", {}) if {
	not stack.max_version
	not stack.min_version
}

range := verdict.msg("stack_ended.up_to", {"release": stack.max_version}) if stack.max_version

branch := verdict.msg("stack_ended.branch", {"branch": stack.last_driver_branch}) if stack.last_driver_branch

branch := "" if not stack.last_driver_branch

official := verdict.msg("stack_ended.official", {"listed": stack.official}) if stack.official

official := "" if not stack.official

sentence := verdict.msg("stack_ended.said", {
	"family": software.family.label,
	"stack": stack.name,
	"range": range,
	"branch": branch,
	"official": official,
	"source": software.source(stack),
})

ended if stack.max_version

ended if stack.official == "no"

decision := verdict.keyed(verdict.fail(sentence, software.evidence), software.family.id) if {
	ended
} else := verdict.pass(sentence, software.evidence) if {
	stack.name != "unknown"
} else := lib.device_lacks(verdict.msg("stack_ended.lacks", {}), software.needs) if {
	software.nameless
} else := verdict.unknown(
	verdict.msg("stack_ended.unknown", {"date": software_support.date}),
	software.evidence,
)
