package nvml

import "github.com/gpuaudit/gpuaudit/audit/inventory"

// add puts the counts with the device. Nothing of our own reads them, so there
// is nothing to hold them against.
func (h *Health) add(d *inventory.Device) {
	count := func(kind inventory.HealthKind, parts ...*uint64) {
		var sum uint64
		for _, n := range parts {
			if n == nil {
				return // a part of a sum is no sum
			}
			sum += *n
		}
		d.Health = append(d.Health, inventory.HealthClaim{Kind: kind, Source: Name, Count: sum})
	}
	count(inventory.MemoryCorrected, h.Corrected)
	count(inventory.MemoryUncorrected, h.Uncorrected)
	count(inventory.RowsRemapped, h.RowsCorrected, h.RowsUncorrected)
	count(inventory.RetirementPending, h.RowsPending)
	count(inventory.RemappingFailed, h.RowsFailed)
	count(inventory.PCIeReplays, h.Replays)
}
