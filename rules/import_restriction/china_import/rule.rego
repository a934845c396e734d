# METADATA
# related_resources:
# - ref: https://www.technewshub.com/post/china-reportedly-blocks-nvidia-h200-chips-that-trump-cleared-for-export
# custom:
#   id: GA-IR-010
#   severity: medium
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.china_import

import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

# named are the device ids of the reported models, by NVIDIA's README and the PCI
# id list, with the report that names each.
named := {
	"10de:2329": "cn-cac-h20-rtx6000d",
	"10de:2bb2": "cn-cac-h20-rtx6000d",
	"10de:2bb9": "cn-cac-h20-rtx6000d",
	"10de:2bbc": "cn-cac-h20-rtx6000d",
	"10de:2335": "cn-customs-h200",
}

part := sprintf("%s:%s", [input.device.pci.vendor_id, input.device.pci.device_id])

law := named[part]

outside := restriction.aside({"CN"}, {"*"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.fail(
	verdict.msg("china_import.fail", {"name": object.get(input, ["catalogue", "accelerator", "name"], part), "law": restriction.cite(law)}),
	["/device/pci/device_id"],
) if {
	law
} else := verdict.pass(
	verdict.msg("china_import.pass", {"part": part, "disclaimer": restriction.disclaimer}),
	["/device/pci/device_id"],
) if {
	part
} else := lib.device_lacks(verdict.msg("china_import.lacks", {}), ["/pci/vendor_id", "/pci/device_id"])
