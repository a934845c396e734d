# METADATA
# related_resources:
# - ref: https://docs.kernel.org/gpu/drivers.html
# custom:
#   id: GA-PR-028
#   severity: info
#   scope: device
#   question: work
package gpuaudit.rules.provenance.driver_out_of_tree

import data.gpuaudit.data.software_support
import data.gpuaudit.lib
import data.gpuaudit.software
import data.gpuaudit.verdict

driver := software.family.driver

sentence := verdict.msg("driver_out_of_tree.said", {"family": software.family.label, "driver": driver.name, "mainline": driver.mainline, "source": software.source(driver)})

decision := verdict.fail(sentence, software.evidence) if {
	driver.mainline in {"no", "partial"}
} else := verdict.pass(sentence, software.evidence) if {
	driver.mainline == "yes"
} else := lib.device_lacks(verdict.msg("driver_out_of_tree.lacks", {}), software.needs) if {
	software.nameless
} else := verdict.unknown(
	verdict.msg("driver_out_of_tree.unknown", {"date": software_support.date}),
	software.evidence,
)
