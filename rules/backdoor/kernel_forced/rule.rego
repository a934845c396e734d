# METADATA
# title: A kernel module was loaded or removed by force
# description: |
#   Since it booted, this kernel had a module loaded against its version check,
#   or removed while it was in use. What runs may not be what the files say. The
#   mark stays until the next boot, and does not tell which module it was.
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-023
#   severity: medium
#   scope: host
#   question: harm
#   remediation: >-
#     Find the cause in the kernel's log, and reboot before you scan again.
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
