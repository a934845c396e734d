package inventory

// HealthClaim is a count that tells of worn or faulty goods, and who states it.
// A count that a source does not have is absent; one that it gives as none is 0.
type HealthClaim struct {
	Kind   HealthKind `json:"kind"`
	Source string     `json:"source"` // path or interface
	Count  uint64     `json:"count"`
}

// HealthKind says what is counted.
type HealthKind string

const (
	// Errors of the PCI Express link since the kernel found the device (PCI
	// Express Base Specification, advanced error reporting). NonFatal leaves out
	// unsupported requests, which software causes by asking for what is not there.
	PCIeCorrectable HealthKind = "pcie-correctable"
	PCIeNonFatal    HealthKind = "pcie-nonfatal"
	PCIeFatal       HealthKind = "pcie-fatal"
	// PCIeReplays are packets sent again since the reset, as the driver counts them.
	PCIeReplays HealthKind = "pcie-replays"
	// Errors of memory and caches: over the life of the card where it keeps that
	// count (NVIDIA), else since the driver was loaded (AMD).
	MemoryCorrected   HealthKind = "memory-corrected"
	MemoryUncorrected HealthKind = "memory-uncorrected"
	// Rows and pages that were taken out of use, over the life of the card.
	RowsRemapped HealthKind = "rows-remapped"
	PagesRetired HealthKind = "pages-retired"
	// RetirementPending is 1 where a row or page waits for the next reset to be
	// taken out of use, RemappingFailed where one could not be.
	RetirementPending HealthKind = "retirement-pending"
	RemappingFailed   HealthKind = "remapping-failed"
)
