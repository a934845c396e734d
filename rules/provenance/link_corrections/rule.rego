# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/pcieaer-howto.html
# custom:
#   id: GA-PR-025
#   severity: info
#   scope: device
#   question: work
package gpuaudit.rules.provenance.link_corrections

import data.gpuaudit.health
import data.gpuaudit.lib
import data.gpuaudit.verdict

kinds := {"pcie-correctable", "pcie-replays"}

bad := health.bad(kinds)

stated := {c.kind | some c in health.claims; c.kind in kinds}

decision := verdict.fail(verdict.msg("link_corrections.fail", {"counts": [b.text | some b in bad]}), [b.pointer | some b in bad]) if {
	count(bad) > 0
} else := verdict.pass(verdict.msg("link_corrections.pass", {}), ["/device/health"]) if {
	count(stated) > 0
	health.good(stated, "/health/pcie")
} else := lib.device_lacks(verdict.msg("link_corrections.lacks", {}), ["/health/pcie"])
