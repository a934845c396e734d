package compare

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Others is what devices of other machines say of the ids of one.
type Others struct {
	Shared []facts.Shared
	// Unread are those of its maker whose ids are not known, as in Shared.With.
	Unread []string
}

// SharedWithin finds the devices of the same machine that state an id of d. The
// functions of one slot are one card, and so may be several chips behind one
// bridge: only ids that belong to a chip count here.
func SharedWithin(d *inventory.Device, devices []inventory.Device) []facts.Shared {
	shared := []facts.Shared{}
	for _, c := range d.Identity {
		if !inventory.Unique(c.Value) || c.Kind != "gpu-uuid" && c.Kind != "unique-id" && c.Kind != inventory.AttestationKey {
			continue
		}
		var with []string
		for i := range devices {
			other := &devices[i]
			if len(with) < maxNamed && inventory.SlotOf(other.Address) != inventory.SlotOf(d.Address) && slices.ContainsFunc(other.Identity, func(o inventory.IdentityClaim) bool {
				return o.Kind == c.Kind && o.Value == c.Value
			}) {
				with = append(with, other.Address)
			}
		}
		shared = Merge(shared, c.Kind, with)
	}
	return shared
}

// The vendor ids of the makers whose cards' ids a collector reads.
const (
	nvidia = "10de"
	amd    = "1002"
)

// IdentityUnread says that a device may have an id of its own that nobody read, so
// that it cannot be told whether another one states the same. Each GPU of NVIDIA has
// an id; of AMD's only some have, and only AMD's driver can say that one has none.
// Of other makers' no source is known.
func IdentityUnread(d *inventory.Device) bool {
	if slices.ContainsFunc(d.Gaps, func(g inventory.Gap) bool {
		return g.Fact == "" || g.Fact == "/identity" || strings.HasPrefix(g.Fact, "/identity/")
	}) {
		return true
	}
	stated := false
	for _, c := range d.Identity {
		if c.Kind != "gpu-uuid" && c.Kind != "unique-id" {
			continue
		}
		if inventory.Unique(c.Value) {
			return false
		}
		stated = true
	}
	switch inventory.Text(d.PCI.VendorID) {
	case amd:
		return stated || d.Driver == nil || d.Driver.Name != "amdgpu"
	case nvidia, "": // a device whose ids cannot be read could be anybody's
		return true
	default:
		return stated
	}
}

// SameMaker says that two devices can be of one maker.
func SameMaker(a, b *inventory.Device) bool {
	return a.PCI.VendorID == nil || b.PCI.VendorID == nil || *a.PCI.VendorID == *b.PCI.VendorID
}

// UnreadWithin lists the devices of the same machine and maker whose ids are not
// known, d itself among them: with them d could not be compared. Where d has nobody
// to be compared with there are none.
func UnreadWithin(d *inventory.Device, devices []inventory.Device) []string {
	var unread []string
	others, itself := false, IdentityUnread(d)
	for i := range devices {
		other := &devices[i]
		if inventory.SlotOf(other.Address) == inventory.SlotOf(d.Address) || !SameMaker(d, other) {
			continue
		}
		others = true
		itself = itself || lacks(d, other)
		if len(unread) < maxNamed && (IdentityUnread(other) || lacks(other, d)) {
			unread = append(unread, other.Address)
		}
	}
	if others && itself && len(unread) < maxNamed {
		unread = append(unread, d.Address)
	}
	slices.Sort(unread)
	return unread
}

// maxNamed bounds the devices that are named with one device: thousands that each
// name all others would be millions.
const maxNamed = 64

// lacks says that a device states no id of its chip though one of the same model
// states one: it has one that was not read.
func lacks(d, model *inventory.Device) bool {
	chip := func(c inventory.IdentityClaim) bool {
		return (c.Kind == "gpu-uuid" || c.Kind == "unique-id") && inventory.Unique(c.Value)
	}
	return d.PCI.DeviceID != nil && inventory.Text(model.PCI.DeviceID) == *d.PCI.DeviceID &&
		slices.ContainsFunc(model.Identity, chip) && !slices.ContainsFunc(d.Identity, chip)
}

// Merge adds devices under a kind, each once.
func Merge(shared []facts.Shared, kind string, with []string) []facts.Shared {
	if len(with) == 0 {
		return shared
	}
	i := slices.IndexFunc(shared, func(s facts.Shared) bool { return s.Kind == kind })
	if i < 0 {
		shared, i = append(shared, facts.Shared{Kind: kind}), len(shared)
	}
	all := slices.Concat(shared[i].With, with)
	slices.Sort(all)
	all = slices.Compact(all)
	shared[i].With = slices.Clip(all[:min(len(all), maxNamed)])
	return shared
}
