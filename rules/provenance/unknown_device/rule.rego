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
#   remediation: >-
#     Update the catalogue and the PCI id list. If the id is still unknown, ask
#     the seller for the maker's document that names this device id.
package gpuaudit.rules.provenance.unknown_device

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

pci := input.device.pci

decision := verdict.pass(
	sprintf("The catalogue knows %s as %s.", [provenance.id(pci.vendor_id, pci.device_id), input.catalogue.accelerator.name]),
	["/device/pci/device_id"],
) if {
	pci.device_id
} else := verdict.pass(
	sprintf("The PCI id list knows %s as %s; the catalogue has no factory facts of it.", [provenance.id(pci.vendor_id, pci.device_id), input.device.names.device]),
	["/device/pci/device_id"],
) if {
	pci.device_id
} else := verdict.pass(
	sprintf("The ids %s are those of a virtual machine's adapter: %s.", [provenance.id(pci.vendor_id, pci.device_id), provenance.adapter]),
	["/device/pci/device_id"],
) if {
	provenance.adapter
} else := verdict.fail(
	sprintf("The device id %s is in neither the catalogue nor the PCI id list.", [provenance.id(pci.vendor_id, pci.device_id)]),
	["/device/pci/device_id"],
) if {
	input.device.names
	input.catalogue
} else := lib.device_lacks("The device id", ["/pci/vendor_id", "/pci/device_id"])
