package manifest

import (
	"slices"
	"time"
)

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
	// Windows are the memory windows that the card may have, each number of a base
	// address register with each of its sizes.
	Windows []Window `json:"windows,omitempty" jsonschema:"maxItems=4096"`
	// Places are where such cards sit: another card in one of them is a difference,
	// whatever ids it shows.
	Places []Place `json:"places,omitempty" jsonschema:"maxItems=4096"`
	// Measurements are what the card signs that it measured, for named versions.
	Measurements []Measurements `json:"measurements,omitempty" jsonschema:"maxItems=4096"`
	// Imported are the documents that the statement was made from. Whoever signs
	// it vouches for it: what their makers signed is provenance and no more.
	Imported []Import `json:"imported,omitempty" jsonschema:"maxItems=4096"`
}

// Import is a document in another format that a statement was made from.
type Import struct {
	Format string `json:"format" jsonschema:"minLength=1,maxLength=200"` // "debian", "corim", ...
	File   string `json:"file" jsonschema:"minLength=1,maxLength=200"`   // its name, without folders
	SHA256 string `json:"sha256" jsonschema:"pattern=^[0-9a-f]{64}$"`
	// Signature is what was found of the document's own signature: "verified",
	// "unverified" (nobody was trusted for it), "failed", "unsigned".
	Signature string `json:"signature" jsonschema:"enum=verified,enum=unverified,enum=failed,enum=unsigned"`
	// Signer is who made a signature that was verified.
	Signer string `json:"signer,omitempty" jsonschema:"maxLength=200"`
	// Detail says in words what the verdict rests on.
	Detail string `json:"detail,omitempty" jsonschema:"maxLength=200"`
	// Unmapped are the parts of the document that a manifest cannot state.
	Unmapped []string `json:"unmapped,omitempty" jsonschema:"maxItems=64"`
}

// Verdicts on the signature of an imported document.
const (
	SignatureVerified   = "verified"
	SignatureUnverified = "unverified"
	SignatureFailed     = "failed"
	SignatureUnsigned   = "unsigned"
)

// Device says which devices a manifest covers. Vendor and device id are
// required; an absent id covers every value.
type Device struct {
	VendorID          string `json:"vendor_id" jsonschema:"pattern=^[0-9a-f]{4}$"`
	DeviceID          string `json:"device_id" jsonschema:"pattern=^[0-9a-f]{4}$"`
	SubsystemVendorID string `json:"subsystem_vendor_id,omitempty" jsonschema:"pattern=^[0-9a-f]{4}$"`
	SubsystemDeviceID string `json:"subsystem_device_id,omitempty" jsonschema:"pattern=^[0-9a-f]{4}$"`
	RevisionID        string `json:"revision_id,omitempty" jsonschema:"pattern=^[0-9a-f]{2}$"`
}

// Kinds of firmware. A reader refuses kinds that it does not know, for it could
// not compare them.
const (
	// OptionROM is what a card brings in its PCI expansion ROM.
	OptionROM = "option-rom"
	// RuntimeFile is a file that the driver gives the device to run.
	RuntimeFile = "runtime"
)

// Firmware is one version of a card's firmware. Of an option ROM at least one
// of SHA256, SHA384, StableSHA256 and Images is required, of a run-time file
// File and SHA256. All that is stated counts: a whole ROM that differs from SHA256
// or SHA384 is another one, unless it is the same but for its end and its padding.
type Firmware struct {
	Kind    string `json:"kind" jsonschema:"enum=option-rom,enum=runtime"`
	Version string `json:"version" jsonschema:"minLength=1,maxLength=200"`
	// Part is the part number, for the scope of a key.
	Part string `json:"part,omitempty" jsonschema:"maxLength=200"`
	// File is the name that the driver asks for: "amdgpu/navi23_sos.bin".
	File string `json:"file,omitempty" jsonschema:"maxLength=200"`
	// SHA256 and SHA384 are of the whole ROM as read from the device, or of the
	// file's decompressed content.
	SHA256 string `json:"sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
	SHA384 string `json:"sha384,omitempty" jsonschema:"pattern=^[0-9a-f]{96}$"`
	// StableSHA256 is the stable digest: over the bytes that are the same on
	// every card of one version.
	StableSHA256 string `json:"stable_sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
	// Images are all images of the chain, in order.
	Images []Image `json:"images,omitempty" jsonschema:"maxItems=64"`
	// Bytes is the length of the whole ROM that SHA256 and SHA384 are of, and
	// LeadBytes how much of it precedes the first image. Parts is what it holds
	// beside the images of the chain, as far as it is not blank.
	Bytes     int    `json:"bytes,omitempty" jsonschema:"minimum=0"`
	LeadBytes int    `json:"lead_bytes,omitempty" jsonschema:"minimum=0"`
	Parts     []Part `json:"parts,omitempty" jsonschema:"maxItems=512"`
}

// OfKind are the firmware entries of a kind.
func (p *Predicate) OfKind(kind string) []Firmware {
	return slices.DeleteFunc(slices.Clone(p.Firmware), func(f Firmware) bool { return f.Kind != kind })
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
	// MeasuredSHA256 is the same with the padding behind the driver, which EDK II
	// measures, too; stated where it differs.
	MeasuredSHA256 string `json:"measured_sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$"`
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

// Window is a memory window of the device, through which the host reaches it.
type Window struct {
	// BAR is the number of the base address register, 0 to 5.
	BAR   int    `json:"bar" jsonschema:"minimum=0,maximum=5"`
	Bytes uint64 `json:"bytes" jsonschema:"minimum=1"`
}

// Place is a PCI address in machines of one model.
type Place struct {
	// Machine is the model in words, as [MachineOf] makes them; "" for machines that
	// state none.
	Machine string `json:"machine" jsonschema:"maxLength=200"`
	Address string `json:"address" jsonschema:"pattern=^[0-9a-f]{4\\,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$"`
}

// Statuses of a manifest.
const (
	Active     = "active"
	Superseded = "superseded"
	Revoked    = "revoked"
)
