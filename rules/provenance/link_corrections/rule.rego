# METADATA
# title: PCIe link had to correct errors
# description: |
#   Packets were sent again, or errors corrected, on the device's link. A few are
#   within what the standard allows, and servers in good order count some: a
#   count that grows from scan to scan is a sign of a poor riser or of worn
#   contacts.
# related_resources:
# - ref: https://docs.kernel.org/PCI/pcieaer-howto.html
# custom:
#   id: GA-PR-025
#   severity: info
#   scope: device
#   question: work
#   remediation: >-
#     Scan again after some load and compare the counts. If they grow, seat the
#     card again and try it without a riser.
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
