# METADATA
# title: Unknown maker of the silicon
# description: |
#   The vendor id of the device is neither in the catalogue of accelerator
#   makers nor in the PCI id list. Ids are assigned by the PCI-SIG; an id that
#   nobody holds is found on prototypes, on counterfeits and on devices that do
#   not want to be recognised. The adapters of virtual machines are told by id and
#   subsystem. A known id proves nothing: a programmable device can show any.
# related_resources:
# - ref: https://pcisig.com/membership/member-companies
# custom:
#   id: GA-PR-003
#   severity: high
#   scope: device
#   question: identity
#   identity: unknown
#   proves: nothing
#   remediation: >-
#     Look the vendor id up with the PCI-SIG and ask the seller who made the
#     chip. Do not give the device access to memory (IOMMU on) until you know.
package gpuaudit.rules.provenance.unknown_vendor

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

vendor := input.device.pci.vendor_id

name := input.catalogue.maker.name

name := input.device.names.vendor if not input.catalogue.maker

decision := verdict.pass(
	verdict.msg("unknown_vendor.pass", {"vendor": vendor, "name": trim_suffix(name, ".")}),
	["/device/pci/vendor_id"],
) if {
	vendor
	name
} else := verdict.pass(
	verdict.msg("unknown_vendor.pass_2", {"adapter": provenance.adapter}),
	["/device/pci/vendor_id", "/device/pci/device_id"],
) if {
	provenance.adapter
} else := verdict.fail(
	verdict.msg("unknown_vendor.fail", {"vendor": vendor}),
	["/device/pci/vendor_id"],
) if {
	input.device.names
	input.catalogue
	vendor
} else := lib.device_lacks(verdict.msg("unknown_vendor.lacks", {}), ["/pci/vendor_id"])
