package compare

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Shared is a serial number or unique id of the device that another device
// states, too. Makers give each out once.
type Shared struct {
	Kind string `json:"kind"` // as in inventory.IdentityClaim
	// With names the other devices, sorted: an address of this machine, or
	// "input address" of another one.
	With []string `json:"with"`
}

// Unique says that a claim can tell devices apart: it is no placeholder, and
// was not taken out of the capture.
func Unique(c inventory.IdentityClaim) bool {
	v := strings.Trim(strings.ToLower(c.Value), "0-: x.")
	return v != "" && v != "n/a" && v != "unknown" && c.Value != "redacted" && strings.Trim(v, "f-") != ""
}

// SharedWithin finds the devices of the same machine that state an id of d. The
// functions of one slot are one card, and so may be several chips behind one
// bridge: only ids that belong to a chip count here.
func SharedWithin(d *inventory.Device, devices []inventory.Device) []Shared {
	shared := []Shared{}
	for _, c := range d.Identity {
		if !Unique(c) || c.Kind != "gpu-uuid" && c.Kind != "unique-id" {
			continue
		}
		var with []string
		for i := range devices {
			other := &devices[i]
			if slot(other.Address) != slot(d.Address) && slices.ContainsFunc(other.Identity, func(o inventory.IdentityClaim) bool {
				return o.Kind == c.Kind && o.Value == c.Value
			}) {
				with = append(with, other.Address)
			}
		}
		shared = Merge(shared, c.Kind, with)
	}
	return shared
}

// Merge adds devices under a kind, each once.
func Merge(shared []Shared, kind string, with []string) []Shared {
	if len(with) == 0 {
		return shared
	}
	i := slices.IndexFunc(shared, func(s Shared) bool { return s.Kind == kind })
	if i < 0 {
		shared, i = append(shared, Shared{Kind: kind}), len(shared)
	}
	all := slices.Concat(shared[i].With, with)
	slices.Sort(all)
	shared[i].With = slices.Compact(all)
	return shared
}

// slot is a PCI address without its function.
func slot(address string) string {
	s, _, _ := strings.Cut(address, ".")
	return s
}
