# METADATA
# title: The kernel loaded a module whose signature did not verify
# description: |
#   Since it booted, this kernel loaded a module that is not signed, or by a key that
#   the kernel does not know. The module may be the GPU's driver or any other; in the
#   kernel all of them can do the same. The mark stays until the next boot. Where no
#   loaded module bears it, the module was unloaded since, or hides. It is of medium
#   severity because modules that a machine builds for itself (DKMS) are like this
#   until its owner enrols a key.
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# - ref: https://docs.kernel.org/admin-guide/module-signing.html
# custom:
#   id: GA-BD-046
#   severity: medium
#   scope: host
#   question: harm
#   remediation: >-
#     Find out what each of the modules is and who built it. Sign what you need with a
#     key that you enrol, and boot with module.sig_enforce=1 or Secure Boot, so that
#     the kernel refuses the others.
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
