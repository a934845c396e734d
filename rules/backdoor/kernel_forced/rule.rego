# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-023
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.kernel_forced

import data.gpuaudit.lib
import data.gpuaudit.verdict

flags := input.host.kernel.taint_flags

forced := {"F": verdict.msg("kernel_forced.loaded", {}), "R": verdict.msg("kernel_forced.removed", {})}

found := [word | some letter, word in forced; contains(flags, letter)]

decision := verdict.fail(verdict.msg("kernel_forced.fail", {"acts": found}), ["/host/kernel/taint_flags"]) if {
	count(found) > 0
} else := verdict.pass(verdict.msg("kernel_forced.pass", {}), ["/host/kernel/taint_flags"]) if {
	is_string(flags)
} else := lib.host_lacks(verdict.msg("kernel_forced.lacks", {}), ["/kernel/tainted", "/kernel/taint_flags"])
