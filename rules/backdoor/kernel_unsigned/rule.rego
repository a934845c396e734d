# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# - ref: https://docs.kernel.org/admin-guide/module-signing.html
# custom:
#   id: GA-BD-046
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.kernel_unsigned

import data.gpuaudit.lib
import data.gpuaudit.taint
import data.gpuaudit.verdict

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("kernel_unsigned.fail", {"modules": taint.culprits("E")}),
		["/host/kernel/taint_flags", "/host/kernel/tainted_modules"],
	),
	concat(",", taint.names("E")),
) if {
	taint.marked("E")
} else := verdict.pass(verdict.msg("kernel_unsigned.pass", {}), ["/host/kernel/taint_flags"]) if {
	is_string(taint.flags)
} else := lib.host_lacks(verdict.msg("kernel_unsigned.lacks", {}), ["/kernel/tainted", "/kernel/taint_flags"])
