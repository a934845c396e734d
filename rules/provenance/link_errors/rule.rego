# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/pcieaer-howto.html
# custom:
#   id: GA-PR-024
#   severity: medium
#   scope: device
#   question: work
package gpuaudit.rules.provenance.link_errors

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.verdict

kinds := {"pcie-fatal", "pcie-nonfatal"}

bad := health.bad(kinds)

decision := verdict.keyed(
	verdict.fail(verdict.msg("link_errors.fail", {"counts": [b.text | some b in bad]}), [b.pointer | some b in bad]),
	concat(",", sort({b.kind | some b in bad})),
) if {
	count(bad) > 0
} else := verdict.pass(verdict.msg("link_errors.pass", {}), ["/device/health"]) if {
	health.good(kinds, "/health/pcie")
} else := lib.device_lacks(verdict.msg("link_errors.lacks", {}), ["/health/pcie"])
