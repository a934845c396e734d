# METADATA
# related_resources:
# - ref: https://pci-ids.ucw.cz/
# custom:
#   id: GA-PR-004
#   severity: low
#   scope: device
#   question: identity
#   lead: pass
#   identity: unknown
#   proves: nothing
package gpuaudit.rules.provenance.unknown_device

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

pci := input.device.pci

decision := verdict.pass(
	verdict.msg("unknown_device.pass", {"device": provenance.id(pci.vendor_id, pci.device_id), "name": input.catalogue.accelerator.name}),
	["/device/pci/device_id"],
) if {
	pci.device_id
} else := verdict.pass(
	verdict.msg("unknown_device.pass_2", {"device": provenance.id(pci.vendor_id, pci.device_id), "name": input.device.names.device}),
	["/device/pci/device_id"],
) if {
	pci.device_id
} else := verdict.pass(
	verdict.msg("unknown_device.pass_3", {"device": provenance.id(pci.vendor_id, pci.device_id), "adapter": provenance.adapter}),
	["/device/pci/device_id"],
) if {
	provenance.adapter
} else := verdict.fail(
	verdict.msg("unknown_device.fail", {"device": provenance.id(pci.vendor_id, pci.device_id)}),
	["/device/pci/device_id"],
) if {
	input.device.names
	input.catalogue
} else := lib.device_lacks(verdict.msg("unknown_device.lacks", {}), ["/pci/vendor_id", "/pci/device_id"])
