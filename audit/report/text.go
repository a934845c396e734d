package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
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
func (r *Report) title(d *inventory.Device, of *Device) string {
	maker := inventory.TextOr(d.Names.Vendor, r.say(message.Say("title.unknown_maker", message.Params{"id": inventory.TextOr(d.PCI.VendorID, "????")})))
	switch {
	case of.Catalogue.Accelerator != nil:
		return maker + " " + of.Catalogue.Accelerator.Name
	default:
		return maker + " " + inventory.TextOr(d.Names.Device, r.say(message.Say("title.unknown_device", message.Params{"id": inventory.TextOr(d.PCI.DeviceID, "????")})))
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
	return Clean(r.title(d, &r.Devices[i]))
}

// result is the place of a device in the list of results, -1 where it is in none.
func (r *Report) result(address string) int {
	return slices.IndexFunc(r.Devices, func(d Device) bool { return d.Address == address })
}

// claims is what the card says of itself; nothing of it is verified.
func claims(d *inventory.Device) message.Said {
	p, text := d.PCI, inventory.TextOr
	parts := []message.Said{message.Say("claims.pci", message.Params{"vendor": text(p.VendorID, "?"), "device": text(p.DeviceID, "?"), "revision": text(p.RevisionID, "?")})}
	board := message.Params{"vendor": text(p.SubsystemVendorID, "?"), "device": text(p.SubsystemDeviceID, "?")}
	if d.Names.SubsystemVendor != nil {
		board["maker"] = *d.Names.SubsystemVendor
		parts = append(parts, message.Say("claims.board_by", board))
	} else {
		parts = append(parts, message.Say("claims.board", board))
	}
	if len(d.Memory) > 0 {
		m := d.Memory[0]
		claim := message.Say("claims.memory", message.Params{"mib": strconv.FormatUint(m.Bytes>>20, 10)})
		if !strings.Contains(m.Source, "/") { // a program's name, and no path
			claim = message.Say("claims.memory_by", message.Params{"mib": strconv.FormatUint(m.Bytes>>20, 10), "source": m.Source})
		}
		parts = append(parts, claim)
	}
	if l := p.Link; l != nil && l.MaxWidth != nil && l.MaxSpeedGTs != nil {
		parts = append(parts, message.Say("claims.link", message.Params{"lanes": int(*l.MaxWidth), "speed": fmt.Sprintf("%g", *l.MaxSpeedGTs)}))
	}
	return message.Say("claims", message.Params{"parts": append(parts, firmwareClaim(d), driverClaim(d))})
}

func firmwareClaim(d *inventory.Device) message.Said {
	for _, v := range d.Firmware.Versions {
		return message.Say("claims.firmware", message.Params{"version": v.Version})
	}
	for _, rom := range d.Firmware.ROMs {
		if rom.Version != nil {
			return message.Say("claims.firmware", message.Params{"version": *rom.Version})
		}
	}
	return message.Say("claims.no_firmware", nil)
}

func driverClaim(d *inventory.Device) message.Said {
	switch {
	case d.Driver == nil:
		return message.Say("claims.no_driver", nil)
	case d.Driver.Module != nil && d.Driver.Module.Version != nil:
		return message.Say("claims.driver_version", message.Params{"driver": d.Driver.Name, "version": *d.Driver.Module.Version})
	}
	return message.Say("claims.driver", message.Params{"driver": d.Driver.Name})
}

// verified is what a signed manifest confirms.
func verified(d *Device) message.Said {
	ref := d.Reference
	parts := make([]message.Said, 0, 5)
	for _, v := range [...]struct {
		name  string
		state facts.State
	}{{"firmware", ref.Firmware.State}, {"runtime", ref.Runtime.State}, {"driver", ref.Driver.State}, {"functions", ref.Functions.State}, {"memory", ref.Memory.State}} {
		switch {
		case v.state == "": // in reports of older versions
			continue
		case v.name == "runtime" && v.state == facts.NotCovered: // few manifests state it
			continue
		}
		parts = append(parts, message.Say("verified.part", message.Params{"what": message.Say("verified."+v.name, nil), "state": message.Word("verified.", string(v.state))}))
	}
	vouchers := slices.Concat(ref.Firmware.Vouchers, ref.Runtime.Vouchers, ref.Driver.Vouchers, ref.Functions.Vouchers, ref.Memory.Vouchers)
	if len(vouchers) == 0 {
		return message.Say("verified", message.Params{"parts": parts})
	}
	v := vouchers[0]
	params := message.Params{"parts": parts, "kind": message.Word("kind.", v.Kind), "issuer": v.Issuer, "manifest": v.Name, "from": v.From}
	if v.From != "" {
		return message.Say("verified.by_from", params)
	}
	return message.Say("verified.by", params)
}

// relationWords say how a ROM stands to the nearest dump that has its first seen image.
var relationWords = map[facts.Relation]string{
	facts.SameImages: "table.related.same", facts.FewerImages: "table.related.fewer",
	facts.MoreImages: "table.related.more", facts.OtherImages: "table.related.other",
}

// seen says in how many public dumps the images were found. It vouches for
// nothing, and the sentence says so.
func seen(list []facts.Sighting) message.Said {
	var owners, modified, published int
	for _, s := range list {
		owners = max(owners, s.Owners)
		modified, published = max(modified, s.Modified), max(published, s.AsPublished)
	}
	said := message.Count(len(list), "table.seen", message.Params{"owners": message.Count(owners, "table.owners", nil), "published": published, "modified": modified})
	if related := list[0].Relation; relationWords[related] != "" {
		return message.Say("table.seen_related", message.Params{"seen": said, "related": message.Say(relationWords[related], nil)})
	}
	return said
}

func hostLine(h *inventory.Host) message.Said {
	var parts []message.Said
	add := func(s *string, id string) {
		if s != nil && *s != "" {
			parts = append(parts, message.Say(id, message.Params{"name": *s}))
		}
	}
	if vendor, product := h.DMI.SystemVendor, h.DMI.ProductName; vendor != nil && product != nil {
		parts = append(parts, message.Plain(*vendor+" "+*product))
	} else {
		add(product, "host.name")
	}
	if h.OS != nil {
		add(h.OS.Name, "host.name")
	}
	add(h.Kernel.Release, "host.kernel")
	add(h.Boot.Mode, "host.boot")
	if len(parts) == 0 {
		return message.Say("host.unknown", nil)
	}
	return message.Say("host", message.Params{"parts": parts})
}

func ages(r *Report) message.Said {
	parts := make([]message.Said, len(r.DataSets))
	for i, d := range r.DataSets {
		params := message.Params{"name": d.Name, "day": d.Date}
		parts[i] = message.Say("data.of", params)
		c := d.Channel
		if c == nil {
			continue
		}
		params["root"], params["timestamp"], params["snapshot"], params["targets"] = strconv.FormatInt(c.Root, 10), strconv.FormatInt(c.Timestamp, 10), strconv.FormatInt(c.Snapshot, 10), strconv.FormatInt(c.Targets, 10)
		params["untrusted"], params["manifests"] = c.Untrusted, c.Manifests
		parts[i] = message.Say("data.of_channel", params)
		if c.Untrusted > 0 {
			parts[i] = message.Say("data.of_channel_untrusted", params)
		}
	}
	return message.Say("data", message.Params{"sets": parts})
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

// say is what was said, in the language of the reader.
func (t *table) say(s message.Said) string { return t.r.say(s) }

func (t *table) bold(s string) string { return t.colour(boldface, s) }

func (t *table) status(s Status) string {
	switch s {
	case Failed:
		return t.colour(red, t.say(message.Say("status.failed", nil)))
	case Passed:
		return t.colour(green, t.say(message.Say("status.passed", nil)))
	case Undecided, Incomplete, Listed, NothingToAudit:
		return t.colour(yellow, t.say(message.Say("status."+string(s), nil)))
	}
	return t.colour(yellow, strings.ToUpper(Clean(string(s)))) // of another version
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
