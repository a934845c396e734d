# METADATA
# title: Device id is not known
# description: |
#   The device id is neither in the catalogue nor in the PCI id list. New and
#   unreleased products look like this, and so do ids that were made up. No
#   factory facts can be compared with what the device shows.
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
#   remediation: >-
#     Update the catalogue and the PCI id list. If the id is still unknown, ask
#     the seller for the maker's document that names this device id.
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
