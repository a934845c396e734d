# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-031
#   severity: high
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: contradiction
package gpuaudit.rules.provenance.product_name

import data.gpuaudit.lib
import data.gpuaudit.verdict

names := object.get(input, ["reference", "names"], [])

claims := object.get(input, ["device", "product_names"], [])

said(n) := verdict.msg("product_name.said", {"name": object.get(claims[n.claim], "value", verdict.msg("product_name.a_name", {})), "source": object.get(claims[n.claim], "source", verdict.msg("lib.nameless_source", {}))})

other := [n | some n in names; n.state == "mismatch"; claims[n.claim]]

own := [n | some n in names; n.state == "match"; claims[n.claim]]

pointers(list) := array.concat([sprintf("/device/product_names/%d", [n.claim]) | some n in list], ["/device/pci/device_id"])

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("product_name.fail", {"said": said(other[0]), "of": object.get(other[0], "others", [verdict.msg("product_name.other_ids", {})]), "device": object.get(input, ["device", "pci", "device_id"], verdict.msg("product_name.not_known", {})), "part": object.get(input, ["catalogue", "accelerator", "name"], "another part")}),
		pointers(other),
	),
	object.get(claims[other[0].claim], "value", ""),
) if {
	count(other) > 0
} else := verdict.pass(verdict.msg("product_name.pass", {"said": said(own[0])}), pointers(own)) if {
	count(own) > 0
	count(own) == count(names)
	count(names) == count(claims)
	input.device.pci.device_id
} else := verdict.not_applicable(
	verdict.msg("product_name.not_applicable", {"name": object.get(claims[0], "value", verdict.msg("product_name.of_the_card", {}))}),
	["/device/product_names"],
) if {
	count(claims) > 0
	count(names) == count(claims)
	lib.all_have(names, ["state"])
	input.device.pci.device_id
} else := verdict.not_applicable(verdict.msg("product_name.not_applicable_2", {}), ["/device/pci/vendor_id"]) if {
	count(claims) == 0
	lib.complete(input.device, "/product_names")
	input.device.pci.vendor_id != "10de"
	input.device.pci.device_id
} else := lib.device_lacks(verdict.msg("product_name.lacks", {}), ["/product_names", "/pci/vendor_id", "/pci/device_id"])
