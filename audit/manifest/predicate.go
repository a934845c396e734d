package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// PredicateType is the in-toto predicate type of a manifest. Its JSON schema is
// docs/schema/manifest.v1.json.
const PredicateType = "https://gpuaudit.github.io/manifest/v1"

// Predicate is what a manifest states. A list that is absent states nothing; an
// empty list of functions states that there are none.
type Predicate struct {
	// Name is the same in all editions of one manifest; Sequence grows with
	// each of them, so that an old edition cannot take the place of a new one.
	Name     string    `json:"name"`
	Sequence int       `json:"sequence"`
	Vendor   string    `json:"vendor"` // in words, for people
	Issued   time.Time `json:"issued"`
	Expires  time.Time `json:"expires"`
	// Status is "active", "superseded" or "revoked". A revoked manifest says
	// that what it lists must not be used.
	Status     string     `json:"status"`
	Supersedes []string   `json:"supersedes,omitempty"` // SHA-256 of bundles
	Devices    []Device   `json:"devices"`
	Firmware   []Firmware `json:"firmware,omitempty"`
	Drivers    []Driver   `json:"drivers,omitempty"`
	// Functions are the PCI functions that the card may have beside the
	// device itself.
	Functions *[]Function `json:"functions,omitempty"`
	// MemoryMiB are the memory sizes that the card is made with.
	MemoryMiB []int `json:"memory_mib,omitempty"`
}

// Device says which devices a manifest covers. Vendor and device id are
// required; an absent id covers every value.
type Device struct {
	VendorID          string `json:"vendor_id"`
	DeviceID          string `json:"device_id"`
	SubsystemVendorID string `json:"subsystem_vendor_id,omitempty"`
	SubsystemDeviceID string `json:"subsystem_device_id,omitempty"`
	RevisionID        string `json:"revision_id,omitempty"`
}

// Firmware is one version of a card's option ROM. At least one of the digests
// is required.
type Firmware struct {
	Version string `json:"version"`
	Part    string `json:"part,omitempty"` // part number, for the scope of a key
	// SHA256 and SHA384 are of the whole ROM as read from the device.
	SHA256 string `json:"sha256,omitempty"`
	SHA384 string `json:"sha384,omitempty"`
	// StableSHA256 is the stable digest (docs/stable-digest.md).
	StableSHA256 string `json:"stable_sha256,omitempty"`
	// Images are all images of the chain, in order.
	Images []Image `json:"images,omitempty"`
}

// Image is one image of an option ROM.
type Image struct {
	CodeType           string `json:"code_type"` // two hexadecimal digits
	SHA256             string `json:"sha256"`
	AuthenticodeSHA256 string `json:"authenticode_sha256,omitempty"`
}

// Driver is a kernel module.
type Driver struct {
	Module  string `json:"module"`
	Version string `json:"version,omitempty"`
	// SHA256 is of the module, decompressed.
	SHA256 string `json:"sha256,omitempty"`
	// MinimumVersion is the oldest version without known faults.
	MinimumVersion string `json:"minimum_version,omitempty"`
}

// Function is a PCI function beside the device.
type Function struct {
	VendorID  string `json:"vendor_id"`
	DeviceID  string `json:"device_id"`
	ClassCode string `json:"class_code"`
}

// Statuses of a manifest.
const (
	Active     = "active"
	Superseded = "superseded"
	Revoked    = "revoked"
)

// maxEntries caps every list of a manifest.
const maxEntries = 4096

var (
	hex2    = regexp.MustCompile(`^[0-9a-f]{2}$`)
	hex4    = regexp.MustCompile(`^[0-9a-f]{4}$`)
	hex6    = regexp.MustCompile(`^[0-9a-f]{6}$`)
	digests = map[string]*regexp.Regexp{"sha256": regexp.MustCompile(`^[0-9a-f]{64}$`), "sha384": regexp.MustCompile(`^[0-9a-f]{96}$`)}
)

// Validate checks a predicate's contents; the error lists every fault.
func (p *Predicate) Validate() error {
	var c checker
	c.text("name", p.Name)
	c.text("vendor", p.Vendor)
	c.that(p.Sequence > 0, "sequence is %d: it counts from 1", p.Sequence)
	c.that(!p.Issued.IsZero() && p.Expires.After(p.Issued), "expires is not after issued")
	c.that(slices.Contains([]string{Active, Superseded, Revoked}, p.Status), "status %.40q is not active, superseded or revoked", p.Status)
	c.that(len(p.Devices) > 0, "devices is empty: a manifest covers named devices")
	c.that(len(p.Firmware)+len(p.Drivers)+len(p.MemoryMiB) > 0 || p.Functions != nil, "it states nothing: no firmware, drivers, functions or memory")
	c.that(max(len(p.Devices), len(p.Firmware), len(p.Drivers), len(p.MemoryMiB)) <= maxEntries, "a list has more than %d entries", maxEntries)
	for i, d := range p.Devices {
		c.device(fmt.Sprintf("devices[%d]", i), d)
	}
	for i, f := range p.Firmware {
		c.firmware(fmt.Sprintf("firmware[%d]", i), f)
	}
	for i, d := range p.Drivers {
		at := fmt.Sprintf("drivers[%d]", i)
		c.text(at+".module", d.Module)
		c.digest(at, "sha256", d.SHA256, false)
		c.that(d.SHA256 != "" || d.MinimumVersion != "", "%s has neither sha256 nor minimum_version", at)
	}
	if p.Functions != nil {
		c.that(len(*p.Functions) <= maxEntries, "functions has more than %d entries", maxEntries)
		for i, f := range *p.Functions {
			at := fmt.Sprintf("functions[%d]", i)
			c.id(at+".vendor_id", hex4, f.VendorID, true)
			c.id(at+".device_id", hex4, f.DeviceID, true)
			c.id(at+".class_code", hex6, f.ClassCode, true)
		}
	}
	for i, m := range p.MemoryMiB {
		c.that(m > 0 && m < 1<<24, "memory_mib[%d] is %d", i, m)
	}
	for i, s := range p.Supersedes {
		c.digest(fmt.Sprintf("supersedes[%d]", i), "sha256", s, true)
	}
	return errors.Join(c.faults...)
}

// checker collects faults.
type checker struct{ faults []error }

func (c *checker) that(ok bool, format string, args ...any) {
	if !ok {
		c.faults = append(c.faults, fmt.Errorf(format, args...))
	}
}

func (c *checker) text(at, s string) {
	c.that(s != "" && len(s) <= 200 && strings.TrimSpace(s) == s, "%s is empty, longer than 200 bytes or has spaces around it", at)
}

func (c *checker) id(at string, form *regexp.Regexp, s string, required bool) {
	c.that(s == "" && !required || form.MatchString(s), "%s %.20q is not lower-case hexadecimal of the right length", at, s)
}

// digest refuses a digest of the wrong length by name: a field called sha384
// that holds 256 bits is a fault, not a digest that never matches.
func (c *checker) digest(at, algorithm, s string, required bool) {
	c.that(s == "" && !required || digests[algorithm].MatchString(s), "%s: %s holds %d characters, not the %s of a lower-case hexadecimal digest",
		at, algorithm, len(s), map[string]string{"sha256": "64", "sha384": "96"}[algorithm])
}

func (c *checker) device(at string, d Device) {
	c.id(at+".vendor_id", hex4, d.VendorID, true)
	c.id(at+".device_id", hex4, d.DeviceID, true)
	c.id(at+".subsystem_vendor_id", hex4, d.SubsystemVendorID, false)
	c.id(at+".subsystem_device_id", hex4, d.SubsystemDeviceID, false)
	c.id(at+".revision_id", hex2, d.RevisionID, false)
}

func (c *checker) firmware(at string, f Firmware) {
	c.text(at+".version", f.Version)
	c.digest(at, "sha256", f.SHA256, false)
	c.digest(at, "sha384", f.SHA384, false)
	c.digest(at+".stable_sha256", "sha256", f.StableSHA256, false)
	c.that(f.SHA256 != "" || f.StableSHA256 != "" || len(f.Images) > 0, "%s states no digest", at)
	c.that(len(f.Images) <= 64, "%s has more than 64 images", at)
	for i, im := range f.Images {
		at := fmt.Sprintf("%s.images[%d]", at, i)
		c.id(at+".code_type", hex2, im.CodeType, true)
		c.digest(at, "sha256", im.SHA256, true)
		c.digest(at+".authenticode_sha256", "sha256", im.AuthenticodeSHA256, false)
	}
}

// subjects are what the statement is about: every whole ROM, image and module
// that the predicate gives a digest of, each once, in order. cosign checks a
// file against them.
func (p *Predicate) subjects() []seal.Subject {
	var list []seal.Subject
	seen := map[string]bool{}
	add := func(name, sha256, sha384 string) {
		if sha256 == "" || seen[sha256] {
			return
		}
		seen[sha256] = true
		digest := map[string]string{"sha256": sha256}
		if sha384 != "" {
			digest["sha384"] = sha384
		}
		list = append(list, seal.Subject{Name: name, Digest: digest})
	}
	for _, f := range p.Firmware {
		add("firmware "+f.Version, f.SHA256, f.SHA384)
		add("firmware "+f.Version+" stable digest", f.StableSHA256, "")
		for i, im := range f.Images {
			add(fmt.Sprintf("firmware %s image %d", f.Version, i), im.SHA256, "")
		}
	}
	for _, d := range p.Drivers {
		add("module "+d.Module, d.SHA256, "")
	}
	if len(list) == 0 { // a manifest of memory sizes or functions is about the device ids
		add("devices", devicesDigest(p.Devices), "")
	}
	return list
}
