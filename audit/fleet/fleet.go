// Package fleet answers what only many inputs together can: whether two cards of
// different machines state one serial number, and which of many outcomes counts.
package fleet

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// ErrTwice: an input was given twice, and would share each id with itself.
var ErrTwice = errors.New("is given twice")

// Fleet knows which ids the devices of all inputs state, and nothing else of them, so
// that memory grows with the ids alone. It is safe for concurrent use once the last
// input was added.
type Fleet struct {
	stated map[inventory.IdentityClaim][]owner
	hosts  map[string]string // by input: what tells the machine again, "" unknown
	// unread are devices whose ids are not known, by maker ("" unknown), the first of
	// each input.
	unread map[string][]owner
}

// MaxNamed bounds the devices that are kept for one id, and for a maker whose ids are
// not known: a number that all cards of a large fleet state is told of each of them,
// and the work does not grow with the square of the fleet.
const MaxNamed = 64

type owner struct{ input, address string }

// New is a fleet without inputs.
func New() *Fleet {
	return &Fleet{stated: map[inventory.IdentityClaim][]owner{}, hosts: map[string]string{}, unread: map[string][]owner{}}
}

// IDs are what one input says of who its devices are.
type IDs struct {
	host   string
	claims map[inventory.IdentityClaim]string // addresses
	unread map[string]string                  // addresses by maker
}

// IDsOf takes the ids out of an inventory. One that is not whole, because its input
// is damaged, says nothing of devices whose ids are not known: its own line says so.
func IDsOf(inv *inventory.Inventory, whole bool) *IDs {
	ids := &IDs{host: hostKey(&inv.Host), claims: map[inventory.IdentityClaim]string{}, unread: map[string]string{}}
	for i := range inv.Devices {
		d := &inv.Devices[i]
		if maker := maker(d); whole && ids.unread[maker] == "" && compare.IdentityUnread(d) {
			ids.unread[maker] = d.Address
		}
		for _, c := range d.Identity {
			if inventory.Unique(c.Value) {
				ids.claims[inventory.IdentityClaim{Kind: c.Kind, Value: c.Value}] = d.Address
			}
		}
	}
	return ids
}

// Add takes an input up; ids is nil for one that could not be read.
func (f *Fleet) Add(input string, ids *IDs) error {
	if _, again := f.hosts[input]; again {
		return ErrTwice
	}
	if ids == nil {
		f.hosts[input] = ""
		return nil
	}
	f.hosts[input] = ids.host
	for c, address := range ids.claims {
		f.stated[c] = f.with(f.stated[c], owner{input, address})
	}
	for maker, address := range ids.unread {
		f.unread[maker] = f.with(f.unread[maker], owner{input, address})
	}
	return nil
}

// with adds a device to those of one id. Beyond MaxNamed it adds one only where all
// others are the same card, seen again and again: each device finds another one then.
func (f *Fleet) with(list []owner, o owner) []owner {
	if len(list) < MaxNamed || !slices.ContainsFunc(list, func(p owner) bool { return !f.again(p, list[0]) }) && !f.again(o, list[0]) {
		return append(list, o)
	}
	return list
}

// again says that two devices are one: the same slot of the same machine.
func (f *Fleet) again(a, b owner) bool {
	return a == b || f.hosts[a.input] != "" && f.hosts[a.input] == f.hosts[b.input] && a.address == b.address
}

// hostKey tells a machine again: its own serial numbers, which only root reads.
func hostKey(h *inventory.Host) string {
	var parts []string
	for _, s := range []*string{h.DMI.ProductUUID, h.DMI.ProductSerial} {
		if s != nil && inventory.Unique(*s) {
			parts = append(parts, *s)
		}
	}
	return strings.Join(parts, " ")
}

func maker(d *inventory.Device) string {
	if d.PCI.VendorID == nil {
		return ""
	}
	return *d.PCI.VendorID
}

// Elsewhere lists the devices of other inputs that state an id of d, and those of
// its maker whose ids are not known. A second look at the same slot of the same
// machine is no second card.
func (f *Fleet) Elsewhere(input string, d *inventory.Device) compare.Others {
	found := compare.Others{Shared: []facts.Shared{}}
	itself := owner{input, d.Address}
	name := func(p owner) (string, bool) {
		return filepath.Base(p.input) + " " + p.address, p.input != input && !f.again(p, itself)
	}
	for _, c := range d.Identity {
		var with []string
		for _, p := range f.stated[inventory.IdentityClaim{Kind: c.Kind, Value: c.Value}] {
			if other, ok := name(p); ok {
				with = append(with, other)
			}
		}
		found.Shared = compare.Merge(found.Shared, c.Kind, with)
	}
	makers := []string{"", maker(d)}
	if makers[1] == "" {
		makers = slices.Sorted(maps.Keys(f.unread))
	}
	for _, m := range slices.Compact(makers) {
		for _, p := range f.unread[m] {
			if other, ok := name(p); ok {
				found.Unread = append(found.Unread, other)
			}
		}
	}
	return found
}
