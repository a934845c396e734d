package nvml

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// add puts the counts with the device. Nothing of our own reads them, so there
// is nothing to compare them with.
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

// What the library says of a GPU in place of a fact, by the number of its error.
const (
	lostError  = "(NVML error 15)"
	resetError = "(NVML error 16)"
)

// states puts with the device what is there or is not: a GPU that the driver lost
// shows itself by the error that it gives in place of a fact.
func (g *GPU) states(d *inventory.Device) {
	state := func(kind inventory.HealthKind, is bool, detail string) {
		c := inventory.HealthClaim{Kind: kind, Source: Name}
		if is {
			c.Count, c.Detail = 1, detail
		}
		d.Health = append(d.Health, c)
	}
	failed := func(with string) bool {
		return slices.ContainsFunc(g.Failures, func(f Failure) bool { return strings.Contains(f.Text, with) })
	}
	switch {
	case g.RecoveryAction != nil:
		state(inventory.RecoveryNeeded, *g.RecoveryAction != "none", *g.RecoveryAction)
	case failed(resetError):
		state(inventory.RecoveryNeeded, true, "reset")
	}
	if g.InfoROMValid != nil {
		state(inventory.InfoROMCorrupt, !*g.InfoROMValid, "")
	}
	if failed(lostError) {
		state(inventory.OffBus, true, "")
	}
}
