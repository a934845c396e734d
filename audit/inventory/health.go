package inventory

// HealthClaim is a count that tells of worn or faulty goods, and who states it.
// A count that a source does not have is absent; one that it gives as none is 0.
type HealthClaim struct {
	Kind   HealthKind `json:"kind"`
	Source string     `json:"source"` // path or interface
	Count  uint64     `json:"count"`
	// Detail is the source's own word where it gives one ("Reset").
	Detail string `json:"detail,omitempty"`
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
	// MemoryThreshold is 1 where errors of the caches passed the number from which
	// on the maker exchanges a card, MemoryUnrepairable where memory has faults
	// that no spare part is left for, and RepairPending where a repair waits for
	// the next reset.
	MemoryThreshold    HealthKind = "memory-threshold-exceeded"
	MemoryUnrepairable HealthKind = "memory-unrepairable"
	RepairPending      HealthKind = "repair-pending"
	// RecoveryNeeded is 1 where the driver says that the device works no more
	// until somebody acts, 0 where it says that nothing is to do. Detail is what
	// it asks for.
	RecoveryNeeded HealthKind = "recovery-needed"
	// InfoROMCorrupt is 1 where the card's InfoROM, which keeps its serial number
	// and its counts of errors, does not match its checksum, 0 where it does.
	InfoROMCorrupt HealthKind = "inforom-corrupt"
	// OffBus is 1 where the driver lost the device: it knows of it and cannot
	// reach it.
	OffBus HealthKind = "off-bus"
	// NoAnswer is 1 where the device's configuration space read as all ones.
	NoAnswer HealthKind = "no-answer"
)
