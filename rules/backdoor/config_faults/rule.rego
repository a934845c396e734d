# METADATA
# related_resources:
# - ref: https://pcisig.com/specifications
# - ref: https://github.com/ufrisk/pcileech-fpga
# custom:
#   id: GA-BD-027
#   severity: high
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.config_faults

import data.gpuaudit.lib
import data.gpuaudit.verdict

config := input.device.pci.config

faults := object.get(config, "faults", [])

# silent: nothing was read that could be well or badly formed.
silent := {"short", "no-answer"}

broken := [{"pointer": pointer, "value": f} |
	some i, f in faults
	not object.get(f, "kind", "no-answer") in silent
	pointer := sprintf("/device/pci/config/faults/%d", [i])
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("config_faults.fail", {"faults": count(broken), "kind": broken[0].value.kind, "offset": object.get(broken[0].value, "offset", -1)}),
		[f.pointer | some f in broken],
	),
	concat(",", sort([f.value.kind | some f in broken])),
) if {
	count(broken) > 0
} else := verdict.pass(
	verdict.msg("config_faults.pass", {"bytes": config.bytes_read}),
	["/device/pci/config"],
) if {
	config.bytes_read >= 256
	count(faults) == 0
	lib.complete(input.device, "/pci/config")
} else := verdict.unknown(
	verdict.msg("config_faults.unknown", {"detail": trim_right(object.get(faults[0], "detail", "-"), ".")}),
	["/device/pci/config"],
) if {
	count(faults) > 0
} else := lib.device_lacks(verdict.msg("config_faults.lacks", {}), ["/pci/config/capabilities"])
