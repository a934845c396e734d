# METADATA
# related_resources:
# - ref: https://man7.org/linux/man-pages/man7/kernel_lockdown.7.html
# custom:
#   id: GA-BD-022
#   severity: low
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.lockdown

import data.gpuaudit.lib
import data.gpuaudit.verdict

mode := input.host.kernel.lockdown

decision := verdict.fail(verdict.msg("lockdown.fail", {}), ["/host/kernel/lockdown"]) if {
	mode == "none"
} else := verdict.pass(verdict.msg("lockdown.pass", {"mode": mode}), ["/host/kernel/lockdown"]) if {
	mode in {"integrity", "confidentiality"}
} else := lib.host_lacks(verdict.msg("lockdown.lacks", {}), ["/kernel/lockdown"])
