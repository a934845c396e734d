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

// maxNamed bounds the devices that are named with one device: thousands that each
// name all others would be millions.
const maxNamed = 64

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
