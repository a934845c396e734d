# METADATA
# related_resources:
# - ref: https://pci-ids.ucw.cz/
# custom:
#   id: GA-PR-034
#   severity: medium
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.engineering_sample

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

names := [lower(n) |
	some n in [
		object.get(input, ["catalogue", "accelerator", "name"], ""),
		object.get(input, ["device", "names", "device"], ""),
	]
	n != ""
]

# words are those of the PCI id list for ids that no product has: samples ("GK107-ES-A1"),
# and what NVIDIA reserves for chips before they have a name.
words := `engineering sample|(^|[^a-z0-9])es([^a-z0-9]|$)|reserved dev id|initial dev ?id|int sku`

decision := verdict.fail(verdict.msg("engineering_sample.fail", {"device": input.device.pci.device_id}), ["/device/pci/device_id"]) if {
	some n in names
	regex.match(words, n)
} else := verdict.pass(verdict.msg("engineering_sample.pass", {"names": names[0]}), ["/device/pci/device_id"]) if {
	provenance.known_ids
	count(names) > 0
} else := verdict.not_applicable(verdict.msg("engineering_sample.not_applicable", {}), ["/device/pci/device_id"]) if {
	provenance.known_ids
	input.catalogue
	input.device.names
} else := lib.device_lacks(verdict.msg("engineering_sample.lacks", {}), ["/pci/vendor_id", "/pci/device_id"])
