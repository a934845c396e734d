// Package inventory holds the facts of an audit: what was read from a machine,
// where it was read, and what could not be read and why. It judges nothing and
// imports the standard library only.
//
// Conventions that every type here keeps:
//   - A fact that was not read is absent (nil pointer, nil slice with a [Gap]),
//     never zero and never the empty string.
//   - PCI identifiers are lower-case hexadecimal without a prefix: four digits
//     for ids ("10de"), six for a class code ("030000"), two for a revision.
//   - Digests are lower-case hexadecimal. Sizes and offsets are bytes.
//   - Slices are sorted by a stable key so that equal machines give equal bytes.
package inventory

import "time"

// Schema names the version of the JSON form of [Inventory].
const Schema = "gpuaudit.inventory/v1"

// MaxDevices is how many devices an audit takes: a host of the largest kind has some
// hundred functions, virtual ones among them.
const MaxDevices = 4096

// Inventory is everything that one run of the collectors learned.
type Inventory struct {
	Schema string `json:"schema"`
	// CollectedAt is when the facts were read from the machine: for a capture,
	// when the capture was made, not when it was replayed.
	CollectedAt time.Time `json:"collected_at"`
	Host        Host      `json:"host"`
	// Devices are the GPUs and accelerators, sorted by address.
	Devices []Device `json:"devices"`
	// Unaudited is what was seen beside them and not audited, sorted by kind and name.
	Unaudited []Unaudited `json:"unaudited,omitempty"`
	// Collectors says what each collector did.
	Collectors []CollectorStatus `json:"collectors"`
}

// Device is one GPU or accelerator: the function that was selected, with the
// other functions of its slot and the bridges above it.
type Device struct {
	// Address is the PCI address, domain:bus:device.function ("0000:01:00.0").
	Address string `json:"address"`
	// Kind says why this function is audited.
	Kind DeviceKind `json:"kind"`
	// Uses are what the kernel uses the function as, sorted by kind and source.
	Uses  []Use `json:"uses,omitempty"`
	Names Names `json:"names"`
	PCI   PCI   `json:"pci"`
	// Functions are the other functions of the same slot.
	Functions []Function `json:"functions,omitempty"`
	// Bridges are the bridges between the root complex and the device, the one
	// nearest to the root first.
	Bridges []Function `json:"bridges,omitempty"`
	// Siblings are devices at other addresses that are on the card: they sit behind
	// the same innermost bridge, behind the card's own switch, or in its slot.
	Siblings []Function `json:"siblings,omitempty"`
	// Slot is the slot of the mainboard that leads to the device, where SMBIOS names
	// one. It is looked for where a switch sits above the device, and nil without a
	// gap where SMBIOS names none.
	Slot *Slot `json:"slot,omitempty"`
	// Neighbours are the devices, bridges left out, behind the same port of the
	// machine as the device, of which nobody says whether they are on the card: a
	// switch that is not the card maker's sits between, and no slot is known.
	Neighbours []Neighbour `json:"neighbours,omitempty"`
	Firmware   Firmware    `json:"firmware"`
	// Driver is nil when no driver is bound (see Gaps for "could not tell").
	Driver *Driver `json:"driver,omitempty"`
	// Memory lists what each source says of the device's memory.
	Memory []MemoryClaim `json:"memory,omitempty"`
	// Identity lists serial numbers and unique ids, by source.
	Identity []IdentityClaim `json:"identity,omitempty"`
	// PartNumbers are the maker's order numbers, by source.
	PartNumbers []PartClaim `json:"part_numbers,omitempty"`
	// ProductNames are what sources call the product, as they state it.
	ProductNames []NameClaim `json:"product_names,omitempty"`
	// Health are counts of errors and of wear, by source.
	Health []HealthClaim `json:"health,omitempty"`
	// Witnesses are second opinions on the same facts (ghw, a driver).
	Witnesses []Witness `json:"witnesses,omitempty"`
	Gaps      []Gap     `json:"gaps,omitempty"`
}

// DeviceKind says which selection rule a device met.
type DeviceKind string

const (
	KindDisplay      DeviceKind = "display"      // base class 03, or 0001, the VGA of old
	KindAccelerator  DeviceKind = "accelerator"  // base class 12
	KindKnownVendor  DeviceKind = "known-vendor" // another class, in which accelerators of this maker are known to be
	KindUnclassified DeviceKind = "unclassified" // the class could not be read
	// KindKnownID is the id of a GPU whose maker never gives it another class.
	KindKnownID DeviceKind = "known-id"
	// KindInUse has no class and no id of a GPU or accelerator, and is used as one.
	KindInUse DeviceKind = "in-use"
	// KindVirtualFunction is a virtual function of a device that was selected.
	KindVirtualFunction DeviceKind = "virtual-function"
	// KindOddClass is a function of a maker of GPUs, of a class that the maker has
	// no other product in.
	KindOddClass DeviceKind = "odd-class"
)

// Names are the texts of the embedded PCI id list; nil where the list has none.
type Names struct {
	Vendor          *string `json:"vendor,omitempty"`
	Device          *string `json:"device,omitempty"`
	SubsystemVendor *string `json:"subsystem_vendor,omitempty"`
	Subsystem       *string `json:"subsystem,omitempty"`
	Class           *string `json:"class,omitempty"`
}

// MemoryClaim is one source's statement of how much memory the device has.
type MemoryClaim struct {
	Source string `json:"source"` // path or interface
	Bytes  uint64 `json:"bytes"`
}

// AttestationKey is the kind of a claim that holds the SHA-256 of the key with which a
// device signs what it measured, as its certificate has it, in hexadecimal.
const AttestationKey = "attestation-key"

// IdentityClaim is a serial number or unique id and where it was read.
type IdentityClaim struct {
	Kind   string `json:"kind"` // "pci-dsn", "gpu-uuid", "unique-id", "serial", "attestation-key"
	Source string `json:"source"`
	Value  string `json:"value"` // [Redacted] in a redacted capture
}

// PartClaim is a part number and who states it. Like cards share it.
type PartClaim struct {
	Kind   string `json:"kind"` // "board"
	Source string `json:"source"`
	Value  string `json:"value"`
}

// NameClaim is a product name and who states it.
type NameClaim struct {
	Source string `json:"source"`
	Value  string `json:"value"`
}

// Witness is an independent reading of the same facts.
type Witness struct {
	Name          string         `json:"name"` // "ghw"
	Disagreements []Disagreement `json:"disagreements,omitempty"`
	// Notes say what of a recording was left aside, and why.
	Notes []string `json:"notes,omitempty"`
}

// Disagreement is a fact on which a witness differs from our own reading.
type Disagreement struct {
	Fact   string `json:"fact"` // JSON pointer within the device: "/pci/vendor_id"
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
}

// Gap records a fact that could not be read. It exists so that absence is
// never mistaken for "nothing there".
type Gap struct {
	// Fact is a JSON pointer, within the owner (device or host), to what is
	// missing: "/firmware/roms", "/pci/config".
	Fact string `json:"fact"`
	// Source is the path (without leading slash) or interface that was tried.
	Source string `json:"source"`
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Reason says why a fact is missing.
type Reason string

const (
	ReasonPermission   Reason = "permission"    // the reader lacks a privilege
	ReasonNotSupported Reason = "not-supported" // device, driver or kernel does not offer it
	ReasonIOError      Reason = "io-error"      // the read failed (EIO)
	ReasonNotPresent   Reason = "not-present"   // the source does not exist
	ReasonMalformed    Reason = "malformed"     // what was read does not parse
	ReasonNotRequested Reason = "not-requested" // a flag is needed to read it (it has side effects)
	ReasonLimit        Reason = "limit"         // larger than we are willing to read
	ReasonTimeout      Reason = "timeout"       // the source did not answer in time
	ReasonUnconfirmed  Reason = "unconfirmed"   // a recording states it, and nothing shows that it is of this device
	ReasonRedacted     Reason = "redacted"      // redaction took it out of the capture
)

// CollectorStatus is what one collector did on one device, or on the host.
type CollectorStatus struct {
	Collector string `json:"collector"`
	// Device is the PCI address, or "host".
	Device string          `json:"device"`
	Status CollectorResult `json:"status"`
	Detail string          `json:"detail,omitempty"`
}

// CollectorResult is the outcome of a collector.
type CollectorResult string

const (
	CollectorOK      CollectorResult = "ok"      // ran, no gaps
	CollectorPartial CollectorResult = "partial" // ran, and recorded gaps
	CollectorFailed  CollectorResult = "failed"  // stopped early; Detail says why
	CollectorSkipped CollectorResult = "skipped" // does not apply here
)
