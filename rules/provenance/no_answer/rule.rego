# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/pci-error-recovery.html
# - ref: https://pcisig.com/specifications
# custom:
#   id: GA-PR-043
#   severity: medium
#   scope: device
#   question: work
package gpuaudit.rules.provenance.no_answer

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.verdict

config := input.device.pci.config

faults := object.get(config, "faults", [])

silent := [sprintf("/device/pci/config/faults/%d", [i]) | some i, f in faults; f.kind == "no-answer"]

told := health.stating("no-answer")

awake if input.device.pci.power_state == "D0"

decision := verdict.fail(
	verdict.msg("no_answer.fail", {}),
	array.concat(silent, ["/device/pci/power_state"]),
) if {
	count(silent) > 0
	awake
} else := verdict.unknown(
	verdict.msg("no_answer.unknown", {"said": told.words}),
	told.pointers,
) if {
	count(told.pointers) > 0
	count(silent) == 0
} else := verdict.pass(verdict.msg("no_answer.pass", {}), ["/device/pci/config"]) if {
	config.bytes_read >= 64
	lib.all_have(faults, ["kind"])
	count(silent) == 0
} else := lib.device_lacks(verdict.msg("no_answer.lacks", {}), ["/pci/config", "/pci/power_state"])
