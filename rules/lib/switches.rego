# METADATA
# description: The words of the kernel's command line.
package gpuaudit.switches

import data.gpuaudit.lib

list := object.get(input.host.kernel, "switches", [])

# normal is a switch's name as the kernel compares it: - and _ are the same.
normal(name) := replace(name, "-", "_")

# found are the switches that have one of the given values; weak maps a name to
# a set of values, in lower case, of which a word may hold several.
found(weak) := [{"pointer": sprintf("/host/kernel/switches/%d", [i]), "text": text} |
	some i, s in list
	some value in split(lower(s.value), ",")
	value in weak[normal(s.name)]
	text := sprintf("%s=%s", [s.name, s.value])
]

# read: the command line was read, every word has a name, and every switch that
# matters has a value.
read(weak) if {
	count(list) > 0
	lib.complete(input.host, "/kernel/switches")
	lib.all_have(list, ["name"])
	every s in list {
		settled(weak, s)
	}
}

settled(weak, s) if not weak[normal(s.name)]

settled(_, s) if s.value
