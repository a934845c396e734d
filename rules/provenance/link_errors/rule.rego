# METADATA
# title: PCIe link had errors that could not be corrected
# description: |
#   The kernel counted errors of the device's link that advanced error reporting
#   calls fatal or non-fatal, since the machine was started. Damaged contacts,
#   poor risers, a failing card and an attempt to speak where the device may not
#   look like this. Requests that the device does not support are left out: they
#   are the software's.
# related_resources:
# - ref: https://docs.kernel.org/PCI/pcieaer-howto.html
# custom:
#   id: GA-PR-024
#   severity: medium
#   scope: device
#   question: work
#   remediation: >-
#     Look for AER in the kernel's log, which names the error. Seat the card
#     again, try it without a riser and in another slot; if the errors follow the
#     card, return it.
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
