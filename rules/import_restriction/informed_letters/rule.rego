# METADATA
# related_resources:
# - ref: https://pstaidecrypted.substack.com/p/controlling-the-gpu-exports-to-china
# custom:
#   id: GA-IR-026
#   severity: high
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.informed_letters

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.threshold
import data.gpuaudit.verdict

law := "us-is-informed-h20-mi308"

name := object.get(input, ["catalogue", "accelerator", "name"], restriction.part)

evidence := ["/device/pci/device_id", "/catalogue/accelerator"]

places := {p | some p in restrictions.rules[law].places}

limit := restrictions.rules[law].limits.dram_bandwidth_gbs

outside := restriction.aside(places, {"exporter"})

dormant := restriction.dormant(law)

decision := outside if {
	outside
} else := dormant if {
	dormant
} else := verdict.fail(
	verdict.msg("informed_letters.fail", {"name": name, "law": restriction.cite(law)}),
	["/device/pci/device_id"],
) if {
	restriction.names_part(law)
} else := verdict.not_applicable(
	verdict.msg("informed_letters.not_applicable", {"name": name}),
	evidence,
) if {
	threshold.state_a == "yes"
} else := verdict.unknown(
	verdict.msg("informed_letters.above", {"name": name, "bandwidth": threshold.bandwidth, "limit": limit, "law": restriction.cite(law)}),
	["/question"],
) if {
	threshold.part.bandwidth_gbs >= limit
} else := verdict.pass(
	verdict.msg("informed_letters.pass", {"name": name, "bandwidth": threshold.bandwidth, "limit": limit, "law": restriction.cite(law)}),
	evidence,
) if {
	threshold.part.bandwidth_gbs < limit
	threshold.consumer
} else := verdict.unknown(
	verdict.msg("informed_letters.unknown", {"name": name, "law": restriction.cite(law)}),
	["/catalogue/accelerator/bandwidth_gbs"],
)
