# METADATA
# related_resources:
# - ref: https://pcisig.com/membership/member-companies
# custom:
#   id: GA-PR-003
#   severity: high
#   scope: device
#   question: identity
#   identity: unknown
#   proves: nothing
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
