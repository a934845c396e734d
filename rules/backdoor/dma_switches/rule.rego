# METADATA
# related_resources:
# - ref: https://docs.kernel.org/admin-guide/kernel-parameters.html
# custom:
#   id: GA-BD-019
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.dma_switches

import data.gpuaudit.lib
import data.gpuaudit.switches
import data.gpuaudit.verdict

# weak lists, for each switch, the values (between commas) that weaken.
weak := {
	"iommu": {"off", "pt"},
	"intel_iommu": {"off", "igfx_off"},
	"amd_iommu": {"off"},
	"iommu.passthrough": {"1", "y", "on"},
	"iommu.strict": {"0", "n", "off"},
	"intremap": {"off", "nosid"},
	"efi": {"no_disable_early_pci_dma"},
	"pcie_acs_override": {"downstream", "multifunction", "id"},
}

found := switches.found(weak)

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("dma_switches.fail", {"switches": [s.text | some s in found]}),
		[s.pointer | some s in found],
	),
	concat(",", sort([s.text | some s in found])),
) if {
	count(found) > 0
} else := verdict.pass(verdict.msg("dma_switches.pass", {}), ["/host/kernel/switches"]) if {
	switches.read(weak)
} else := lib.host_lacks(verdict.msg("dma_switches.lacks", {}), ["/kernel/switches"])
