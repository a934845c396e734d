# METADATA
# title: The kernel was given other tables or debugged a device
# description: |
#   A table of the firmware was replaced (ACPI), or a program used an interface of the
#   kernel that changes the firmware of devices for debugging (fwctl). Tables say among
#   other things which devices the IOMMU keeps apart. The mark stays until the next
#   boot. It is of low severity because owners of laptops do the first to mend them.
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# - ref: https://docs.kernel.org/admin-guide/acpi/initrd_table_override.html
# custom:
#   id: GA-BD-049
#   severity: low
#   scope: host
#   question: harm
#   remediation: >-
#     Find out who did it and why (the kernel's log names the table or the device),
#     and boot without it before you scan again.
package gpuaudit.rules.backdoor.kernel_overridden

import data.gpuaudit.lib
import data.gpuaudit.taint
import data.gpuaudit.verdict

marks := {"A": verdict.msg("kernel_overridden.acpi", {}), "J": verdict.msg("kernel_overridden.fwctl", {})}

found := [words | some letter, words in marks; taint.marked(letter)]

decision := verdict.fail(verdict.msg("kernel_overridden.fail", {"acts": found}), ["/host/kernel/taint_flags"]) if {
	count(found) > 0
} else := verdict.pass(verdict.msg("kernel_overridden.pass", {}), ["/host/kernel/taint_flags"]) if {
	is_string(taint.flags)
} else := lib.host_lacks(verdict.msg("kernel_overridden.lacks", {}), ["/kernel/tainted", "/kernel/taint_flags"])
