# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/tainted-kernels.html
# custom:
#   id: GA-BD-048
#   severity: low
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.kernel_foreign

import data.gpuaudit.lib
import data.gpuaudit.taint
import data.gpuaudit.verdict

marks := ["O", "P"]

set_marks := [m | some m in marks; taint.marked(m)]

# maker are the modules that makers ship outside of the kernel with their cards.
maker(name) if regex.match(`^(nvidia(_[a-z0-9]+)*|gdrdrv|amdgpu|amdttm|amdkcl|amdxcp|amd_sched|amddrm_[a-z_]+|i915|xe|mtgpu|habanalabs(_[a-z]+)?|neuron|metax|iluvatar|drv_[a-z_]+|hailo_pci|apex|gasket)$`, name)

strangers := [m.name |
	some m in taint.modules
	some mark in marks
	contains(m.flags, mark)
	not maker(m.name)
]

# gone are the marks that no loaded module bears.
gone := [m | some m in set_marks; count(taint.names(m)) == 0]

decision := verdict.pass(verdict.msg("kernel_foreign.pass", {}), ["/host/kernel/taint_flags"]) if {
	is_string(taint.flags)
	count(set_marks) == 0
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("kernel_foreign.fail", {"modules": sort({n | some n in strangers})}),
		["/host/kernel/tainted_modules"],
	),
	concat(",", sort({n | some n in strangers})),
) if {
	count(strangers) > 0
} else := verdict.fail(
	verdict.msg("kernel_foreign.fail_2", {"modules": taint.culprits(gone[0])}),
	["/host/kernel/taint_flags", "/host/kernel/tainted_modules"],
) if {
	taint.known
	count(gone) > 0
} else := verdict.pass(
	verdict.msg("kernel_foreign.pass_2", {"modules": [m.name | some m in taint.modules]}),
	["/host/kernel/tainted_modules"],
) if {
	taint.known
} else := lib.host_lacks(verdict.msg("kernel_foreign.lacks", {}), ["/kernel/tainted_modules", "/kernel/tainted"])
