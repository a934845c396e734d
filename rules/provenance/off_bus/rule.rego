# METADATA
# related_resources:
# - ref: https://docs.nvidia.com/deploy/xid-errors/index.html
# custom:
#   id: GA-PR-042
#   severity: high
#   scope: device
#   question: work
package gpuaudit.rules.provenance.off_bus

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.verdict

lost := health.stating("off-bus")

# on_bus: the device's configuration space was read, and is not all ones.
on_bus if {
	config := input.device.pci.config
	faults := object.get(config, "faults", [])
	config.bytes_read >= 64
	lib.all_have(faults, ["kind"])
	every f in faults {
		f.kind != "no-answer"
	}
}

decision := verdict.fail(
	verdict.msg("off_bus.fail", {"said": lost.words}),
	lost.pointers,
) if {
	count(lost.pointers) > 0
} else := verdict.pass(verdict.msg("off_bus.pass", {}), ["/device/pci/config"]) if {
	on_bus
	lib.all_have(health.claims, ["kind", "count"])
	not lib.gap(input.device, "/health/bus")
} else := lib.device_lacks(verdict.msg("off_bus.lacks", {}), ["/pci/config", "/health"])
