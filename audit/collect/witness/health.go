package witness

import (
	"slices"
	"strconv"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// counts are the values of nvidia-smi -q -x and of nvidia-smi -q that tell of
// errors and of wear. Those of memory are over the life of the card.
var counts = map[string]inventory.HealthKind{
	"pci/replay_counter":      inventory.PCIeReplays,
	"PCI/Replays Since Reset": inventory.PCIeReplays,

	"ecc_errors/aggregate/sram_correctable":           inventory.MemoryCorrected,
	"ECC Errors/Aggregate/SRAM Correctable":           inventory.MemoryCorrected,
	"ecc_errors/aggregate/dram_correctable":           inventory.MemoryCorrected,
	"ECC Errors/Aggregate/DRAM Correctable":           inventory.MemoryCorrected,
	"ecc_errors/aggregate/sram_uncorrectable_parity":  inventory.MemoryUncorrected,
	"ECC Errors/Aggregate/SRAM Uncorrectable Parity":  inventory.MemoryUncorrected,
	"ecc_errors/aggregate/sram_uncorrectable_secded":  inventory.MemoryUncorrected,
	"ECC Errors/Aggregate/SRAM Uncorrectable SEC-DED": inventory.MemoryUncorrected,
	"ecc_errors/aggregate/dram_uncorrectable":         inventory.MemoryUncorrected,
	"ECC Errors/Aggregate/DRAM Uncorrectable":         inventory.MemoryUncorrected,

	"retired_pages/multiple_single_bit_retirement/retired_count": inventory.PagesRetired,
	"Retired Pages/Single Bit ECC":                               inventory.PagesRetired,
	"retired_pages/double_bit_retirement/retired_count":          inventory.PagesRetired,
	"Retired Pages/Double Bit ECC":                               inventory.PagesRetired,
	"retired_pages/pending_retirement":                           inventory.RetirementPending,
	"Retired Pages/Pending Page Blacklist":                       inventory.RetirementPending,

	"remapped_rows/remapped_row_corr":          inventory.RowsRemapped,
	"Remapped Rows/Correctable Error":          inventory.RowsRemapped,
	"remapped_rows/remapped_row_unc":           inventory.RowsRemapped,
	"Remapped Rows/Uncorrectable Error":        inventory.RowsRemapped,
	"remapped_rows/remapped_row_pending":       inventory.RetirementPending,
	"Remapped Rows/Pending":                    inventory.RetirementPending,
	"remapped_rows/remapped_row_failure":       inventory.RemappingFailed,
	"Remapped Rows/Remapping Failure Occurred": inventory.RemappingFailed,
}

// count takes a number, or Yes and No.
func (d *Device) count(kind inventory.HealthKind, value string) bool {
	n, err := strconv.ParseUint(value, 10, 56) // a few of them do not overflow
	switch value {
	case "Yes":
		n, err = 1, nil
	case "No":
		n, err = 0, nil
	}
	if err == nil {
		d.Health = append(d.Health, inventory.HealthClaim{Kind: kind, Source: nvidiaSMI, Count: n})
	}
	return err == nil
}

// tell adds what counts the same, in a fixed order, and puts it with the device.
// Of a kind that was not given whole there is no total.
func (d *Device) tell(ours *inventory.Device, file string) {
	var sums []inventory.HealthClaim
	for _, p := range d.Health {
		i := slices.IndexFunc(sums, func(s inventory.HealthClaim) bool { return s.Kind == p.Kind })
		if i < 0 {
			sums = append(sums, p)
			continue
		}
		sums[i].Count += p.Count
	}
	for _, s := range sums {
		if !slices.Contains(d.Unread, s.Kind) || s.Count > 0 {
			ours.Health = append(ours.Health, s)
		}
	}
	for _, kind := range d.Unread {
		fact := "/health/memory"
		if kind == inventory.PCIeReplays {
			fact = "/health/pcie"
		}
		ours.Gaps = append(ours.Gaps, inventory.Gap{Fact: fact, Source: file, Reason: inventory.ReasonIOError, Detail: string(kind) + ": " + nvidiaSMI + " could not read it"})
	}
}
