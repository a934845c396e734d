# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# - ref: https://docs.kernel.org/admin-guide/acpi/initrd_table_override.html
# custom:
#   id: GA-BD-049
#   severity: low
#   scope: host
#   question: harm
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
