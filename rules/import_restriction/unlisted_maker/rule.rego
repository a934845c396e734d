# METADATA
# related_resources:
# - ref: https://www.ecfr.gov/current/title-15/part-744
# custom:
#   id: GA-IR-012
#   severity: medium
#   scope: device
#   question: law
#   means: unknown
package gpuaudit.rules.import_restriction.unlisted_maker

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

vendor := input.device.pci.vendor_id

outside := restriction.aside({"*"}, {"*"})

decision := outside if {
	outside
} else := verdict.pass(
	verdict.msg("unlisted_maker.pass", {"vendor": vendor, "name": restriction.maker.name, "disclaimer": restriction.disclaimer}),
	["/device/pci/vendor_id"],
) if {
	restriction.maker
} else := verdict.fail(
	verdict.msg("unlisted_maker.fail", {"vendor": vendor, "disclaimer": restriction.disclaimer}),
	["/device/pci/vendor_id"],
) if {
	vendor
} else := lib.device_lacks(verdict.msg("unlisted_maker.lacks", {}), ["/pci/vendor_id"])
