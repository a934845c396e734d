package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Clean makes a text from a device safe for a terminal: control characters,
// bidirectional overrides and invalid UTF-8 become U+FFFD.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if hidden(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// title names a card: what the catalogue or the id list call it, never what
// its own firmware says.
func title(d *inventory.Device, r *Device) string {
	maker := inventory.TextOr(d.Names.Vendor, "unknown maker "+inventory.TextOr(d.PCI.VendorID, "????"))
	switch {
	case r.Catalogue.Accelerator != nil:
		return maker + " " + r.Catalogue.Accelerator.Name
	default:
		return maker + " " + inventory.TextOr(d.Names.Device, "unknown device "+inventory.TextOr(d.PCI.DeviceID, "????"))
	}
}

// Title names a device of the report for a person, cleaned for a terminal.
func (r *Report) Title(address string) string {
	i := r.result(address)
	if i < 0 {
		return address
	}
	d := r.Inventory.Device(address)
	if d == nil {
		d = &inventory.Device{Address: address}
	}
	return Clean(title(d, &r.Devices[i]))
}

// result is the place of a device in the list of results, -1 where it is in none.
func (r *Report) result(address string) int {
	return slices.IndexFunc(r.Devices, func(d Device) bool { return d.Address == address })
}

// claims is what the card says of itself; nothing of it is verified.
func claims(d *inventory.Device) string {
	p := d.PCI
	parts := []string{fmt.Sprintf("PCI %s:%s rev %s", inventory.TextOr(p.VendorID, "?"), inventory.TextOr(p.DeviceID, "?"), inventory.TextOr(p.RevisionID, "?"))}
	board := inventory.TextOr(p.SubsystemVendorID, "?") + ":" + inventory.TextOr(p.SubsystemDeviceID, "?")
	if d.Names.SubsystemVendor != nil {
		board += " (" + *d.Names.SubsystemVendor + ")"
	}
	parts = append(parts, "board "+board)
	if len(d.Memory) > 0 {
		m := d.Memory[0]
		claim := fmt.Sprintf("memory %d MiB", m.Bytes>>20)
		if !strings.Contains(m.Source, "/") { // a program's name, and no path
			claim += " by " + m.Source
		}
		parts = append(parts, claim)
	}
	if l := p.Link; l != nil && l.MaxWidth != nil && l.MaxSpeedGTs != nil {
		parts = append(parts, fmt.Sprintf("link up to x%d at %g GT/s", *l.MaxWidth, *l.MaxSpeedGTs))
	}
	parts = append(parts, firmwareClaim(d), driverClaim(d))
	return strings.Join(parts, ", ")
}

func firmwareClaim(d *inventory.Device) string {
	for _, v := range d.Firmware.Versions {
		return "firmware " + v.Version
	}
	for _, rom := range d.Firmware.ROMs {
		if rom.Version != nil {
			return "firmware " + *rom.Version
		}
	}
	return "firmware version not stated"
}

func driverClaim(d *inventory.Device) string {
	switch {
	case d.Driver == nil:
		return "no driver bound"
	case d.Driver.Module != nil && d.Driver.Module.Version != nil:
		return "driver " + d.Driver.Name + " " + *d.Driver.Module.Version
	default:
		return "driver " + d.Driver.Name
	}
}

// verified is what a signed manifest confirms.
func verified(d *Device) string {
	ref := d.Reference
	parts := make([]string, 0, 4)
	for _, v := range []struct {
		name  string
		state string
		by    int
	}{
		{"firmware", string(ref.Firmware.State), len(ref.Firmware.Vouchers)},
		{"run-time firmware", string(ref.Runtime.State), len(ref.Runtime.Vouchers)},
		{"driver", string(ref.Driver.State), len(ref.Driver.Vouchers)},
		{"functions", string(ref.Functions.State), len(ref.Functions.Vouchers)},
		{"memory", string(ref.Memory.State), len(ref.Memory.Vouchers)},
	} {
		if v.name == "run-time firmware" && v.state == string(facts.NotCovered) {
			continue // few manifests state it
		}
		text := map[string]string{"match": "matches", "mismatch": "DIFFERS", "unknown": "could not be read", "not-covered": "no reference"}[v.state]
		parts = append(parts, v.name+" "+text)
	}
	line := strings.Join(parts, ", ")
	vouchers := slices.Concat(ref.Firmware.Vouchers, ref.Runtime.Vouchers, ref.Driver.Vouchers, ref.Functions.Vouchers, ref.Memory.Vouchers)
	if len(vouchers) == 0 {
		return line
	}
	v := vouchers[0]
	by := fmt.Sprintf("%s %s, manifest %s", v.Kind, v.Issuer, v.Name)
	if v.From != "" {
		by += ", made from " + v.From
	}
	return line + " (" + by + ")"
}

// seen says in how many public dumps the images were found. It vouches for
// nothing, and the sentence says so.
// relationWords say how a ROM stands to the nearest dump that has its first seen image.
var relationWords = map[facts.Relation]string{
	facts.SameImages:  ", one of them with the same images",
	facts.FewerImages: ", with images that this ROM lacks: it was trimmed",
	facts.MoreImages:  ", none of which has all images of this ROM",
	facts.OtherImages: ", with other images beside it",
}

func seen(list []facts.Sighting) string {
	var owners, modified, published int
	for _, s := range list {
		owners = max(owners, s.Owners)
		modified, published = max(modified, s.Modified), max(published, s.AsPublished)
	}
	return fmt.Sprintf("%s of the ROM in public dumps of up to %s (%d as published, %d modified)%s; this vouches for nothing",
		plural(len(list), "image", "images"), plural(owners, "owner", "owners"), published, modified, relationWords[list[0].Relation])
}

func hostLine(h *inventory.Host) string {
	parts := []string{}
	add := func(s *string, prefix string) {
		if s != nil && *s != "" {
			parts = append(parts, prefix+*s)
		}
	}
	switch vendor, product := h.DMI.SystemVendor, h.DMI.ProductName; {
	case vendor != nil && product != nil:
		parts = append(parts, *vendor+" "+*product)
	default:
		add(product, "")
	}
	if h.OS != nil {
		add(h.OS.Name, "")
	}
	add(h.Kernel.Release, "kernel ")
	add(h.Boot.Mode, "boot ")
	if len(parts) == 0 {
		return "identity could not be read"
	}
	return strings.Join(parts, ", ")
}

func ages(r *Report) string {
	parts := make([]string, len(r.DataSets))
	for i, d := range r.DataSets {
		parts[i] = d.Name + " of " + d.Date
		if c := d.Channel; c != nil {
			parts[i] += fmt.Sprintf(" (root %d, timestamp %d, snapshot %d, targets %d)", c.Root, c.Timestamp, c.Snapshot, c.Targets)
			if c.Untrusted > 0 {
				parts[i] += fmt.Sprintf(", %d of its %d manifests by signers whom the trust file does not name", c.Untrusted, c.Manifests)
			}
		}
	}
	return "data: " + strings.Join(parts, ", ")
}

// The escape sequences of ECMA-48 that the table uses.
const (
	red, green, yellow, boldface, plain = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"
)

func (t *table) colour(code, s string) string {
	if !t.opts.Colour {
		return s
	}
	return code + s + plain
}

func (t *table) bold(s string) string { return t.colour(boldface, s) }

func (t *table) status(s Status) string {
	switch s {
	case Failed:
		return t.colour(red, strings.ToUpper(string(s)))
	case Passed:
		return t.colour(green, string(s))
	default:
		return t.colour(yellow, strings.ToUpper(Clean(string(s))))
	}
}

func (t *table) paint(label string, s finding.Status) string {
	switch s {
	case finding.Fail:
		return t.colour(red, label)
	case finding.Unknown, finding.Waived:
		return t.colour(yellow, label)
	default:
		return label
	}
}

// visible is the width of a text without its escape sequences.
func visible(s string) int {
	for _, code := range [...]string{red, green, yellow, boldface, plain} {
		s = strings.ReplaceAll(s, code, "")
	}
	return len([]rune(s))
}
