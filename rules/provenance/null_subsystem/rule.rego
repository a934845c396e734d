# METADATA
# related_resources:
# - ref: https://github.com/notfromstatefarm/nvflashk/issues/29
# custom:
#   id: GA-PR-005
#   severity: low
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.null_subsystem

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

vendor := input.device.pci.subsystem_vendor_id

device := input.device.pci.subsystem_device_id

blank := {"0000", "ffff"}

decision := verdict.not_applicable(verdict.msg("null_subsystem.no_card", {"what": provenance.no_card}), ["/device/pci/device_id"]) if {
	provenance.no_card
} else := verdict.fail(
	verdict.msg("null_subsystem.fail", {"board": provenance.id(vendor, device)}),
	["/device/pci/subsystem_vendor_id", "/device/pci/subsystem_device_id"],
) if {
	vendor in blank
} else := verdict.pass(
	verdict.msg("null_subsystem.pass", {"board": provenance.id(vendor, device)}),
	["/device/pci/subsystem_vendor_id", "/device/pci/subsystem_device_id"],
) if {
	vendor
} else := lib.device_lacks(verdict.msg("null_subsystem.lacks", {}), ["/pci/subsystem_vendor_id", "/pci/subsystem_device_id"])
