# METADATA
# related_resources:
# - ref: https://docs.kernel.org/livepatch/livepatch.html
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-047
#   severity: low
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.kernel_live_patched

import data.gpuaudit.lib
import data.gpuaudit.taint
import data.gpuaudit.verdict

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("kernel_live_patched.fail", {"modules": taint.culprits("K")}),
		["/host/kernel/taint_flags", "/host/kernel/tainted_modules"],
	),
	concat(",", taint.names("K")),
) if {
	taint.marked("K")
} else := verdict.pass(verdict.msg("kernel_live_patched.pass", {}), ["/host/kernel/taint_flags"]) if {
	is_string(taint.flags)
} else := lib.host_lacks(verdict.msg("kernel_live_patched.lacks", {}), ["/kernel/tainted", "/kernel/taint_flags"])
