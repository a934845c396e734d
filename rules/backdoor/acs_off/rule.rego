# METADATA
# related_resources:
# - ref: https://docs.kernel.org/driver-api/pci/p2pdma.html
# custom:
#   id: GA-BD-030
#   severity: low
#   scope: device
#   question: harm
package gpuaudit.rules.backdoor.acs_off

import data.gpuaudit.lib
import data.gpuaudit.verdict

bridges := object.get(input.device, "bridges", [])

open := [i | some i, b in bridges; b.acs_enabled == false]

decision := verdict.fail(
	verdict.msg("acs_off.fail", {"open": count(open), "bridges": count(bridges)}),
	[sprintf("/device/bridges/%d", [i]) | some i in open],
) if {
	count(open) > 0
} else := verdict.pass(
	verdict.msg("acs_off.pass", {"bridges": count(bridges)}),
	["/device/bridges"],
) if {
	count(bridges) > 0
	every b in bridges {
		b.acs_enabled == true
	}
	lib.complete(input.device, "/bridges")
} else := verdict.not_applicable(verdict.msg("acs_off.not_applicable", {}), ["/device/address"]) if {
	count(bridges) == 0
	lib.complete(input.device, "/bridges")
	lib.complete(input.device, "/functions")
	input.device.address
} else := lib.device_lacks(verdict.msg("acs_off.lacks", {}), ["/bridges"])
