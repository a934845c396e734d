# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/kernel-parameters.html
# custom:
#   id: GA-BD-020
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.kernel_switches

import data.gpuaudit.lib
import data.gpuaudit.switches
import data.gpuaudit.verdict

weak := {
	"module.sig_enforce": {"0", "n", "off"},
	"lockdown": {"none"},
	"iomem": {"relaxed"},
}

# paths are switches that are suspicious with any value.
paths := {"firmware_class.path"}

redirected := [{"pointer": sprintf("/host/kernel/switches/%d", [i]), "text": text} |
	some i, s in switches.list
	switches.normal(s.name) in paths
	text := sprintf("%s=%s", [s.name, object.get(s, "value", "")])
]

found := array.concat(switches.found(weak), redirected)

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("kernel_switches.fail", {"switches": [s.text | some s in found]}),
		[s.pointer | some s in found],
	),
	concat(",", sort([s.text | some s in found])),
) if {
	count(found) > 0
} else := verdict.pass(verdict.msg("kernel_switches.pass", {}), ["/host/kernel/switches"]) if {
	switches.read(weak)
} else := lib.host_lacks(verdict.msg("kernel_switches.lacks", {}), ["/kernel/switches"])
