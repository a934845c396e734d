# METADATA
# description: |
#   Marks that the kernel bears (Documentation/admin-guide/tainted-kernels.rst), and
#   the loaded modules that brought them.
package gpuaudit.taint

import data.gpuaudit.lib
import data.gpuaudit.verdict

flags := input.host.kernel.taint_flags

marked(letter) if contains(flags, letter)

modules := object.get(input.host.kernel, "tainted_modules", [])

# known: all loaded modules were looked at, so that none in the list is none.
known if {
	is_string(flags)
	lib.complete(input.host, "/kernel/tainted_modules")
}

names(letter) := [m.name | some m in modules; contains(m.flags, letter)]

# culprits says in words which modules bear a mark that the kernel bears.
culprits(letter) := names(letter) if {
	count(names(letter)) > 0
} else := verdict.msg("taint.unloaded", {}) if {
	known
} else := verdict.msg("taint.not_known", {})
