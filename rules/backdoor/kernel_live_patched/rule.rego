# METADATA
# title: The kernel was patched while it runs
# description: |
#   A live patch replaced functions of this kernel since it booted: what runs is not
#   what the kernel's file and the firmware's measurements of it say. It is of low
#   severity because distributions mend their kernels like this; the same way is open
#   to whoever may load a module.
# related_resources:
# - ref: https://docs.kernel.org/livepatch/livepatch.html
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-047
#   severity: low
#   scope: host
#   question: harm
#   remediation: >-
#     Look at /sys/kernel/livepatch and find out who made each patch. Boot the mended
#     kernel when you can.
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
