// Package facts is what rules see of a machine and its devices: what was read, what
// is asked, and what reference data, signed manifests and attestation say of it. It
// holds values and their JSON form, which is the input document of every rule.
package facts

import (
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Schema names the version of the JSON form of [Facts], which is the
// input document of every policy rule.
const Schema = "gpuaudit.facts/v1"

// Facts is everything a rule may look at for one device, or for the host when
// Device is nil.
type Facts struct {
	Schema string `json:"schema"`
	// Now is the clock of every judgement.
	Now      time.Time      `json:"now"`
	Question Purpose        `json:"question"`
	Host     inventory.Host `json:"host"`
	// Evidence is how old the facts are; it is the host's alone.
	Evidence *Evidence `json:"evidence,omitempty"`
	// Device is nil in the evaluation of the host's own rules.
	Device *inventory.Device `json:"device,omitempty"`
	// Catalogue is nil in the host's evaluation.
	Catalogue *catalogue.Facts `json:"catalogue,omitempty"`
	// Reference is the comparison with signed manifests; nil for the host.
	Reference *Reference `json:"reference,omitempty"`
	// Attestation is the same for the host and all devices; nil where nobody asked.
	Attestation *Attestation `json:"attestation,omitempty"`
	// GPUProof is what GPUs prove of themselves: Devices holds the card alone; nil where
	// nobody asked.
	GPUProof *GPUProof `json:"gpu_proof,omitempty"`
	// DataSets are the embedded and given data with their dates.
	DataSets []DataSet `json:"data_sets"`
}

// Evidence is when the facts were read from the machine.
type Evidence struct {
	// CollectedOn is a day, YYYY-MM-DD (UTC).
	CollectedOn string `json:"collected_on"`
	// AgeDays are whole days up to Facts.Now; negative when the facts are younger.
	AgeDays int `json:"age_days"`
}

// Purpose is what the user said about the use of the device; nil means not
// said, and a rule that needs it answers unknown.
type Purpose struct {
	// Jurisdiction of use, ISO 3166-1 alpha-2, or "EU".
	Jurisdiction *string `json:"jurisdiction,omitempty"`
	// Profile is "private", "company", "federal-contractor",
	// "critical-infrastructure" or "exporter".
	Profile *string `json:"profile,omitempty"`
	// Origin is the country of origin (ISO 3166-1 alpha-2) from the purchase record.
	Origin *string `json:"origin,omitempty"`
	// Purchase is the purchase record; nil where none was given.
	Purchase *Purchase `json:"purchase,omitempty"`
	// SoldAs is what the seller calls the card, in the seller's words; nil where nobody
	// said.
	SoldAs *string `json:"sold_as,omitempty"`
}

// Purchase is what the papers of the goods say, which no bus can tell. It is the
// user's word. A field that the record does not have is nil.
type Purchase struct {
	Seller *string `json:"seller,omitempty"`
	// Date is the day of the purchase, YYYY-MM-DD.
	Date *string `json:"date,omitempty"`
	// EntryDate is the day on which customs took the goods in, YYYY-MM-DD.
	EntryDate *string `json:"entry_date,omitempty"`
	// HTS is the US tariff number, as digits with points ("8473.30.1180").
	HTS *string `json:"hts,omitempty"`
	// Price is a decimal number and a currency (ISO 4217): "1999.00 USD".
	Price *string `json:"price,omitempty"`
	// ComponentMakers are the makers of chips and memory that the seller names.
	ComponentMakers []string `json:"component_makers,omitempty"`
	// InvoiceSHA256 and EndUseSHA256 are the digests of the invoice and of the
	// statement of end use.
	InvoiceSHA256 *string `json:"invoice_sha256,omitempty"`
	EndUseSHA256  *string `json:"end_use_sha256,omitempty"`
}

// DataSet is one body of reference data and its age.
type DataSet struct {
	Name string `json:"name"` // "catalogue", "restrictions", "pci-ids", "rules"
	// Date is the day the data speaks for, YYYY-MM-DD.
	Date string `json:"date"`
	// AgeDays is counted at Facts.Now; negative when the clock is before Date.
	AgeDays int    `json:"age_days"`
	SHA256  string `json:"sha256"`
	// From is the channel that data came by which are newer than the program's; "" for
	// those that it carries.
	From string `json:"from,omitempty"`
	// Channel is set for a channel of manifests: "channel:NAME". Its Date is the
	// day on which it was last brought up to date.
	Channel *Channel `json:"channel,omitempty"`
}

// Channel is the state of a channel of manifests, a TUF repository, that took
// part in an audit.
type Channel struct {
	// The versions of TUF's roles.
	Root      int64 `json:"root"`
	Timestamp int64 `json:"timestamp"`
	Snapshot  int64 `json:"snapshot"`
	Targets   int64 `json:"targets"`
	// Expires is when the first of them expires.
	Expires time.Time `json:"expires"`
	// Manifests counts what the channel carries, Untrusted those of them that are
	// signed by somebody whom the trust file does not name, Outdated those of which
	// there is a newer edition.
	Manifests int `json:"manifests"`
	// Data counts its bodies of reference data.
	Data      int `json:"data,omitempty"`
	Untrusted int `json:"untrusted"`
	Outdated  int `json:"outdated"`
}

// State is the outcome of a comparison. It is never a bool: "nobody vouches"
// and "somebody contradicts" are different answers.
type State string

const (
	Match      State = "match"       // a trusted manifest names exactly this
	Mismatch   State = "mismatch"    // a trusted manifest covers this and states otherwise
	Unknown    State = "unknown"     // a manifest covers this, but the fact could not be read
	NotCovered State = "not-covered" // no trusted manifest speaks of this
)

// Reference is the comparison of one device with all verified manifests.
type Reference struct {
	Firmware  Verdict `json:"firmware"` // the option ROM
	Runtime   Verdict `json:"runtime"`  // the files that the driver gives the device
	Driver    Verdict `json:"driver"`
	Functions Verdict `json:"functions"`
	Memory    Verdict `json:"memory"`
	// Windows are the sizes of the memory windows, Place is whether another card is
	// stated to sit in the device's place. They are absent in older reports.
	Windows Verdict `json:"windows,omitzero"`
	Place   Verdict `json:"place,omitzero"`
	// Measurements is what the card signed that it measured, held against manifests of this
	// project, not against its maker's: one's own golden values. It is absent where nobody
	// asked cards to prove themselves.
	Measurements Verdict `json:"measurements,omitzero"`
	// Shared are the ids that another device states, too. It is set, and empty,
	// where others were looked at and none does.
	Shared []Shared `json:"shared,omitzero"`
	// SharedUnread are devices of its maker with which it could not be compared, for
	// their ids, or its own, are not known: as in Shared.With.
	SharedUnread []string `json:"shared_unread,omitempty"`
	// Sightings are the images of the ROM that were seen in public dumps. They
	// vouch for nothing.
	Sightings []Sighting `json:"sightings,omitempty"`
	// Names are the product names that sources state, held against the catalogue's.
	Names []Name `json:"names,omitempty"`
	// Offer is what the seller said, held against the card; nil where nobody said.
	Offer *Offer `json:"offer,omitempty"`
}

// Offer is a seller's words, held against a card part by part.
type Offer struct {
	Text      string    `json:"text"`
	Name      OfferPart `json:"name"`
	Memory    OfferPart `json:"memory"`
	Maker     OfferPart `json:"maker"`
	Condition OfferPart `json:"condition"`
}

// OfferPart is one thing that the words say.
type OfferPart struct {
	// Claim is how the words were understood; "" where nothing is said, or nothing
	// clear.
	Claim string `json:"claim,omitempty"`
	// State is match or mismatch where the card shows it, unknown where it cannot be
	// told, not-covered where the words do not speak of it.
	State State `json:"state"`
	// Reason says in a sentence, without its full stop, why.
	Reason string `json:"reason"`
	// Others are ids that bear the name that was offered; at most eight.
	Others []string `json:"others,omitempty"`
}

// Verdict is the outcome for one aspect of a device.
type Verdict struct {
	State State `json:"state"`
	// Reason says in a sentence why the state is what it is.
	Reason string `json:"reason"`
	// Differences are set for a mismatch.
	Differences []Difference `json:"differences,omitempty"`
	// Vouchers are the manifests that cover this aspect of this device.
	Vouchers []Voucher `json:"vouchers,omitempty"`
}

// Difference is one point on which device and manifest disagree.
type Difference struct {
	// Fact is a JSON pointer within the device, and /measured/INDEX for what a card signed.
	Fact     string `json:"fact"`
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
}

// Voucher names who made a statement: a verified manifest and its signer.
type Voucher struct {
	Manifest string `json:"manifest"` // SHA-256 of the bundle file
	Name     string `json:"name"`     // file name
	Issuer   string `json:"issuer"`   // name of the key in the trust file
	Kind     string `json:"kind"`     // "vendor", "integrator", "lab", "operator"
	Version  string `json:"version"`  // firmware or driver version that matched or was expected
	// Issued is the day on which it was made, YYYY-MM-DD; "" in reports of older
	// versions.
	Issued string `json:"issued,omitempty"`
	// From are the documents in other formats that the manifest was made from, each
	// with what was found of its own signature. The issuer vouches, not they.
	From string `json:"from,omitempty"`
}

// Shared is a serial number or unique id of the device that another device
// states, too. Makers give each out once.
type Shared struct {
	Kind string `json:"kind"` // as in inventory.IdentityClaim
	// With names the other devices, sorted: an address of this machine, or
	// "input address" of another one.
	With []string `json:"with"`
}

// Sighting says that one image of the device's ROM was seen in public dumps. It
// stands below every manifest and never makes a match.
type Sighting struct {
	// ROM and Image are indexes into the device's firmware.
	ROM   int `json:"rom"`
	Image int `json:"image"`
	// By is "image" where the bytes in the ROM are the same, "driver" where only
	// the EFI driver inside the image is.
	By string `json:"by"`
	// Owners counts independent places: accounts, not files.
	Owners int `json:"owners"`
	// Modified and AsPublished count the dumps by whether their content shows that
	// somebody changed them.
	Modified    int `json:"modified"`
	AsPublished int `json:"as_published"`
	// Places are at most four of the dumps, sorted.
	Places []string `json:"places"`
	// Relation says how the whole ROM stands to the nearest of these dumps; "" in
	// reports of older versions.
	Relation Relation `json:"relation,omitempty"`
}

// Relation is how the images of a ROM stand to those of a dump, by their digests.
type Relation string

const (
	SameImages  Relation = "same"  // both have the same images
	FewerImages Relation = "fewer" // the ROM lacks images of the dump: it was trimmed
	MoreImages  Relation = "more"  // the ROM has images beside those of the dump
	OtherImages Relation = "other" // each has images that the other lacks, such as another GOP
)

// Name is what was found of one product name that a source states.
type Name struct {
	// Claim is the index of the name within the device's product names.
	Claim int `json:"claim"`
	// State is match where the name is one of the device id's own, mismatch where
	// it is that of other ids alone, and not-covered where nobody bears it: drivers
	// print names that no list has.
	State State `json:"state"`
	// Others are ids that bear the name, for a mismatch; at most eight.
	Others []string `json:"others,omitempty"`
}
