package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Caps on the lists of a manifest and on the faults that are listed.
const (
	maxEntries = 4096
	maxImages  = 64
	maxParts   = 512
	maxNotes   = 64
	maxText    = 200 // bytes
	maxFaults  = 16
)

var (
	hex2   = lazyregexp.New(`^[0-9a-f]{2}$`)
	hex4   = lazyregexp.New(`^[0-9a-f]{4}$`)
	hex6   = lazyregexp.New(`^[0-9a-f]{6}$`)
	digits = lazyregexp.New(`^[0-9a-f]+$`)
)

// Digits of a digest in hexadecimal.
const (
	sha256Digits = 64
	sha384Digits = 96
)

// Validate checks a predicate's contents; the error lists the faults, the first
// of them where there are many.
func (p *Predicate) Validate() error {
	var c checker
	c.text("name", p.Name)
	c.text("vendor", p.Vendor)
	c.that(p.Sequence > 0, "sequence is %d: it counts from 1", p.Sequence)
	c.that(!p.Issued.IsZero() && p.Expires.After(p.Issued), "expires is not after issued")
	c.that(slices.Contains([]string{Active, Superseded, Revoked}, p.Status), "status %.40q is not active, superseded or revoked", p.Status)
	c.that(len(p.Devices) > 0, "devices is empty: a manifest covers named devices")
	c.that(p.states(), "it states nothing: no firmware, drivers, functions, memory, windows, places or measurements")
	if !p.within(maxEntries) {
		return fmt.Errorf("a list has more than %d entries", maxEntries)
	}
	for i, d := range p.Devices {
		c.device(fmt.Sprintf("devices[%d]", i), d)
	}
	for i, f := range p.Firmware {
		c.firmware(fmt.Sprintf("firmware[%d]", i), f)
	}
	for i, d := range p.Drivers {
		c.driver(fmt.Sprintf("drivers[%d]", i), d)
	}
	if p.Functions != nil {
		for i, f := range *p.Functions {
			c.function(fmt.Sprintf("functions[%d]", i), f)
		}
	}
	for i, m := range p.MemoryMiB {
		c.that(m > 0 && m < 1<<24, "memory_mib[%d] is %d", i, m)
	}
	for i, w := range p.Windows {
		c.that(w.BAR >= 0 && w.BAR <= 5 && w.Bytes > 0, "windows[%d] is %d bytes at base address register %d", i, w.Bytes, w.BAR)
	}
	for i, l := range p.Places {
		c.optional(fmt.Sprintf("places[%d].machine", i), l.Machine)
		c.that(inventory.ValidAddress(l.Address), "places[%d].address %.20q is no PCI address", i, l.Address)
	}
	c.measurements(p.Measurements)
	for i, s := range p.Supersedes {
		c.digest(fmt.Sprintf("supersedes[%d]", i), "sha256", s, true)
	}
	for i, m := range p.Imported {
		c.imported(fmt.Sprintf("imported[%d]", i), m)
	}
	return c.err()
}

// within says whether no list has more entries than that.
func (p *Predicate) within(most int) bool {
	functions := 0
	if p.Functions != nil {
		functions = len(*p.Functions)
	}
	return max(len(p.Devices), len(p.Firmware), len(p.Drivers), len(p.MemoryMiB), len(p.Windows), len(p.Places), len(p.Measurements), len(p.Supersedes), len(p.Imported), functions) <= most
}

// checker collects faults.
type checker struct {
	faults []error
	more   int
}

func (c *checker) that(ok bool, format string, args ...any) {
	switch {
	case ok:
	case len(c.faults) == maxFaults:
		c.more++
	default:
		c.faults = append(c.faults, fmt.Errorf(format, args...))
	}
}

func (c *checker) err() error {
	if c.more > 0 {
		return errors.Join(append(c.faults, fmt.Errorf("and %d more faults", c.more))...)
	}
	return errors.Join(c.faults...)
}

func (c *checker) text(at, s string) {
	c.that(s != "", "%s is empty", at)
	c.optional(at, s)
}

func (c *checker) optional(at, s string) {
	c.that(len(s) <= maxText && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unicode.IsControl),
		"%s is longer than %d bytes, or has spaces around it or control characters in it", at, maxText)
}

func (c *checker) id(at string, form *lazyregexp.Regexp, s string, required bool) {
	c.that(s == "" && !required || form.MatchString(s), "%s %.20q is not lower-case hexadecimal of the right length", at, s)
}

// digest refuses a digest of the wrong length by name: a field called sha384
// that holds 256 bits is a fault, not a digest that never matches.
func (c *checker) digest(at, algorithm, s string, required bool) {
	length := sha256Digits
	if algorithm == "sha384" {
		length = sha384Digits
	}
	switch {
	case s == "" && !required:
	case len(s) != length:
		c.that(false, "%s: %s holds %d characters, not the %d of a hexadecimal digest", at, algorithm, len(s), length)
	default:
		c.that(digits.MatchString(s), "%s: %s is not lower-case hexadecimal", at, algorithm)
	}
}

func (c *checker) device(at string, d Device) {
	c.id(at+".vendor_id", hex4, d.VendorID, true)
	c.id(at+".device_id", hex4, d.DeviceID, true)
	c.id(at+".subsystem_vendor_id", hex4, d.SubsystemVendorID, false)
	c.id(at+".subsystem_device_id", hex4, d.SubsystemDeviceID, false)
	c.id(at+".revision_id", hex2, d.RevisionID, false)
}

func (c *checker) firmware(at string, f Firmware) {
	c.that(f.Kind == OptionROM || f.Kind == RuntimeFile, "%s.kind %.40q is not %s or %s", at, f.Kind, OptionROM, RuntimeFile)
	c.text(at+".version", f.Version)
	c.optional(at+".part", f.Part)
	c.digest(at, "sha256", f.SHA256, f.Kind == RuntimeFile)
	c.digest(at, "sha384", f.SHA384, false)
	c.digest(at+".stable_sha256", "sha256", f.StableSHA256, false)
	if f.Kind == RuntimeFile {
		c.runtime(at, f)
		return
	}
	c.parts(at, f)
	c.that(f.File == "", "%s.file: an option ROM is no file", at)
	c.that(f.SHA256 != "" || f.SHA384 != "" || f.StableSHA256 != "" || len(f.Images) > 0, "%s states no digest", at)
	if len(f.Images) > maxImages {
		c.that(false, "%s has more than %d images", at, maxImages)
		return
	}
	for i, im := range f.Images {
		at := fmt.Sprintf("%s.images[%d]", at, i)
		c.id(at+".code_type", hex2, im.CodeType, true)
		c.digest(at, "sha256", im.SHA256, true)
		c.digest(at, "sha384", im.SHA384, false)
		c.digest(at+".authenticode_sha256", "sha256", im.AuthenticodeSHA256, false)
		c.digest(at+".measured_sha256", "sha256", im.MeasuredSHA256, false)
	}
}

// parts holds what is said of a whole ROM to an entry that states one.
func (c *checker) parts(at string, f Firmware) {
	whole := f.SHA256 != "" || f.SHA384 != ""
	c.that(whole && f.Bytes > 0 || f.Bytes == 0 && f.LeadBytes == 0 && len(f.Parts) == 0, "%s: bytes, lead_bytes and parts are of a whole ROM, whose digest and length have to be stated", at)
	c.that(f.Bytes >= 0 && f.LeadBytes >= 0 && f.LeadBytes <= f.Bytes, "%s: lead_bytes %d of %d bytes", at, f.LeadBytes, f.Bytes)
	if len(f.Parts) > maxParts {
		c.that(false, "%s has more than %d parts", at, maxParts)
		return
	}
	for i := range f.Parts {
		p, at := &f.Parts[i], fmt.Sprintf("%s.parts[%d]", at, i)
		c.text(at+".name", p.Name)
		c.that(p.Bytes > 0 && p.Bytes <= f.Bytes && p.Offset >= -f.LeadBytes && p.Offset <= f.Bytes-f.LeadBytes-p.Bytes, "%s: %d bytes at %d are not within the ROM", at, p.Bytes, p.Offset)
		c.digest(at+".sha256", "sha256", p.SHA256, true)
	}
}

// runtime holds a run-time file to what is known of installed ones: a name, and
// the SHA-256 of the content. A digest that nobody could compare is refused.
func (c *checker) runtime(at string, f Firmware) {
	c.text(at+".file", f.File)
	c.that(f.File != "." && fs.ValidPath(f.File), "%s.file %.60q is no relative path", at, f.File)
	c.that(f.SHA384 == "" && f.StableSHA256 == "" && len(f.Images) == 0 && f.Part == "" && f.Bytes == 0 && f.LeadBytes == 0 && len(f.Parts) == 0,
		"%s: a run-time file has sha256, and no sha384, stable_sha256, images, part, bytes or parts", at)
}

func (c *checker) imported(at string, m Import) {
	c.text(at+".format", m.Format)
	c.text(at+".file", m.File)
	c.digest(at, "sha256", m.SHA256, true)
	c.that(slices.Contains([]string{SignatureVerified, SignatureUnverified, SignatureFailed, SignatureUnsigned}, m.Signature), "%s.signature %.40q is not verified, unverified, failed or unsigned", at, m.Signature)
	c.optional(at+".signer", m.Signer)
	c.that((m.Signer != "") == (m.Signature == SignatureVerified), "%s: a signer is named where the signature was verified, and nowhere else", at)
	c.optional(at+".detail", m.Detail)
	if len(m.Unmapped) > maxNotes {
		c.that(false, "%s.unmapped has more than %d entries", at, maxNotes)
		return
	}
	for i, note := range m.Unmapped {
		c.text(fmt.Sprintf("%s.unmapped[%d]", at, i), note)
	}
}

func (c *checker) driver(at string, d Driver) {
	c.text(at+".module", d.Module)
	c.optional(at+".version", d.Version)
	c.optional(at+".minimum_version", d.MinimumVersion)
	c.digest(at, "sha256", d.SHA256, false)
	c.that(d.SHA256 != "" || d.MinimumVersion != "", "%s has neither sha256 nor minimum_version", at)
}

func (c *checker) function(at string, f Function) {
	c.id(at+".vendor_id", hex4, f.VendorID, true)
	c.id(at+".device_id", hex4, f.DeviceID, true)
	c.id(at+".class_code", hex6, f.ClassCode, true)
}

// states says that the predicate states something of its devices.
func (p *Predicate) states() bool {
	return len(p.Firmware)+len(p.Drivers)+len(p.MemoryMiB)+len(p.Windows)+len(p.Places)+len(p.Measurements) > 0 || p.Functions != nil
}
