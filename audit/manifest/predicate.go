package manifest

import "time"

// PredicateType is the in-toto predicate type of a manifest. Its JSON schema is
// docs/schema/manifest.v1.json.
const PredicateType = "https://gpuaudit.github.io/manifest/v1"

// Predicate is what a manifest states. A list that is absent states nothing; an
// empty list of functions states that there are none.
type Predicate struct {
	// Name is the same in all editions of one manifest; Sequence grows with
	// each of them, so that an old edition cannot take the place of a new one.
	Name     string    `json:"name" jsonschema:"minLength=1,maxLength=200"`
	Sequence int       `json:"sequence" jsonschema:"minimum=1"`
	Vendor   string    `json:"vendor" jsonschema:"minLength=1,maxLength=200"` // in words, for people
	Issued   time.Time `json:"issued"`
	Expires  time.Time `json:"expires"`
	// Status is "active", "superseded" or "revoked". A superseded manifest
	// vouches for nothing. A revoked one says that the firmware and drivers
	// that it lists must not be used.
	Status string `json:"status" jsonschema:"enum=active,enum=superseded,enum=revoked"`
	// Supersedes are bundles of the same issuer that no longer count, by the
	// SHA-256 of the file.
	Supersedes []string   `json:"supersedes,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$,maxItems=4096"`
	Devices    []Device   `json:"devices" jsonschema:"minItems=1,maxItems=4096"`
	Firmware   []Firmware `json:"firmware,omitempty" jsonschema:"maxItems=4096"`
	Drivers    []Driver   `json:"drivers,omitempty" jsonschema:"maxItems=4096"`
	// Functions are the PCI functions that the card may have beside the
	// device itself.
	Functions *[]Function `json:"functions,omitempty" jsonschema:"maxItems=4096"`
	// MemoryMiB are the memory sizes that the card is made with.
	MemoryMiB []int `json:"memory_mib,omitempty" jsonschema:"maxItems=4096"`
}

// Device says which devices a manifest covers. Vendor and device id are
// required; an absent id covers every value.
type Device struct {
	VendorID          string `json:"vendor_id" jsonschema:"pattern=^[0-9a-f]{4}$"`
	DeviceID          string `json:"device_id" jsonschema:"pattern=^[0-9a-f]{4}$"`
	SubsystemVendorID string `json:"subsystem_vendor_id,omitempty" jsonschema:"pattern=^[0-9a-f]{4}$"`
	SubsystemDeviceID string `json:"subsystem_device_id,omitempty" jsonschema:"pattern=^[0-9a-f]{4}$"`
	RevisionID        string `json:"revision_id,omitempty" jsonschema:"pattern=^[0-9a-f]{2}$"`
}

// OptionROM is the one kind of firmware that a manifest states today: what a
// card brings in its PCI expansion ROM. A reader refuses kinds that it does not
// know, for it could not compare them.
const OptionROM = "option-rom"

// Firmware is one version of a card's firmware. At least one of SHA256,
// StableSHA256 and Images is required.
type Firmware struct {
	Kind    string `json:"kind" jsonschema:"enum=option-rom"`
	Version string `json:"version" jsonschema:"minLength=1,maxLength=200"`
	// Part is the part number, for the scope of a key.
	Part string `json:"part,omitempty" jsonschema:"maxLength=200"`
	// SHA256 and SHA384 are of the whole ROM as read from the device.
	SHA256 string `json:"sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
	SHA384 string `json:"sha384,omitempty" jsonschema:"pattern=^[0-9a-f]{96}$"`
	// StableSHA256 is the stable digest: over the bytes that are the same on
	// every card of one version.
	StableSHA256 string `json:"stable_sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
	// Images are all images of the chain, in order.
	Images []Image `json:"images,omitempty" jsonschema:"maxItems=64"`
}

// Image is one image of an option ROM, from its 55AA header to the end that its
// PCI data structure states.
type Image struct {
	CodeType string `json:"code_type" jsonschema:"pattern=^[0-9a-f]{2}$"`
	SHA256   string `json:"sha256" jsonschema:"pattern=^[0-9a-f]{64}$"`
	SHA384   string `json:"sha384,omitempty" jsonschema:"pattern=^[0-9a-f]{96}$"`
	// AuthenticodeSHA256 is of the EFI driver inside, decompressed: what boot
	// firmware measures and db and dbx list. It leaves the ROM header out, so
	// it never stands for SHA256.
	AuthenticodeSHA256 string `json:"authenticode_sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
}

// Driver is a build of a kernel module. SHA256 or MinimumVersion is required.
type Driver struct {
	Module  string `json:"module" jsonschema:"minLength=1,maxLength=200"`
	Version string `json:"version,omitempty" jsonschema:"maxLength=200"`
	// SHA256 is of the module, decompressed, with its signature.
	SHA256 string `json:"sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
	// MinimumVersion is the oldest version without known faults.
	MinimumVersion string `json:"minimum_version,omitempty" jsonschema:"maxLength=200"`
}

// Function is a PCI function beside the device.
type Function struct {
	VendorID  string `json:"vendor_id" jsonschema:"pattern=^[0-9a-f]{4}$"`
	DeviceID  string `json:"device_id" jsonschema:"pattern=^[0-9a-f]{4}$"`
	ClassCode string `json:"class_code" jsonschema:"pattern=^[0-9a-f]{6}$"`
}

// Statuses of a manifest.
const (
	Active     = "active"
	Superseded = "superseded"
	Revoked    = "revoked"
)
