# METADATA
# description: |
#   NVIDIA's Linux driver: its version, and what the bulletins say of its branch.
package gpuaudit.advisories

import data.gpuaudit.data.driver_advisories
import data.gpuaudit.verdict

# applies: the bulletins are about this driver.
applies if input.device.driver.name == "nvidia"

# installed is the version of the loaded module as three numbers, 535.54.03 as
# [535, 54, 3]: never compared as a text. It is undefined for other forms.
installed := array.slice(array.concat(numbers, [0, 0]), 0, 3) if {
	version := input.device.driver.module.version
	regex.match(`^[0-9]{3,4}(\.[0-9]{1,6}){1,2}$`, version)
	numbers := [to_number(trim_left_zeros(part)) | some part in split(version, ".")]
}

trim_left_zeros(s) := "0" if {
	trim_left(s, "0") == ""
} else := trim_left(s, "0")

branch_name := sprintf("R%d", [installed[0]])

branch := driver_advisories.nvidia[branch_name]

# open are the vulnerabilities that the installed version still has. A fix of
# another branch says nothing: 580.159.03 can hold it and 595.58.03 lack it.
open := [f | some f in branch.fixes; installed < f.fixed]

no_driver := verdict.not_applicable(verdict.msg("lib.no_driver", {}), ["/device"]) if not input.device.driver

other_driver := verdict.not_applicable(
	verdict.msg("advisories.other_driver", {"driver": input.device.driver.name}),
	["/device/driver/name"],
) if {
	input.device.driver.name != "nvidia"
}
