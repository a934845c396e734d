package compare

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Neighbours finds, for each device of a machine, the others that state its id. It looks
// at every device once when it is made, and at no more than some hundred for one that is
// asked about: a machine may have thousands. It is not safe for concurrent use.
type Neighbours struct {
	devices []inventory.Device
	slots   []string // of the devices
	claims  map[chipID][]int
	// makers are the devices by vendor; anybody's are those that state none, and so can
	// be of each.
	makers       map[string]*group
	anybody, all *group
	looked       int // devices that were looked at, for the tests
}

// chipID is an id that belongs to one chip.
type chipID struct{ kind, value string }

// group is devices of one maker, each by its place in the machine.
type group struct {
	any    twoSlots
	unread []int // whose ids are not known
	// without are devices that state no id of their chip, and stating is where there are
	// others that do, both by the device id of their model.
	without map[string][]int
	stating map[string]twoSlots
}

// twoSlots are the first two slots among some devices: enough to say whether one of them
// is in another slot than a given one.
type twoSlots struct {
	n     int
	slots [2]string
}

func (s *twoSlots) add(slot string) {
	if s.n < len(s.slots) && (s.n == 0 || s.slots[0] != slot) {
		s.slots[s.n] = slot
		s.n++
	}
}

func (s *twoSlots) besides(slot string) bool { return s.n == 2 || s.n == 1 && s.slots[0] != slot }

func newGroup() *group {
	return &group{without: map[string][]int{}, stating: map[string]twoSlots{}}
}

// Within makes the neighbours of a machine's devices, which must not change afterwards.
func Within(devices []inventory.Device) *Neighbours {
	n := &Neighbours{
		devices: devices, slots: make([]string, len(devices)), claims: map[chipID][]int{},
		makers: map[string]*group{}, anybody: newGroup(), all: newGroup(),
	}
	for i := range devices {
		d := &devices[i]
		n.looked++
		n.slots[i] = inventory.SlotOf(d.Address)
		for _, c := range d.Identity {
			id := chipID{c.Kind, c.Value}
			if at := n.claims[id]; ofChip(c) && (len(at) == 0 || at[len(at)-1] != i) {
				n.claims[id] = append(at, i)
			}
		}
		maker := n.anybody
		if v := d.PCI.VendorID; v != nil {
			if n.makers[*v] == nil {
				n.makers[*v] = newGroup()
			}
			maker = n.makers[*v]
		}
		maker.add(i, d, n.slots[i])
		n.all.add(i, d, n.slots[i])
	}
	return n
}

// ofChip says that a claim is an id that no two chips have. Functions of one slot are one
// card, and so may be several chips behind one bridge, which share a serial number.
func ofChip(c inventory.IdentityClaim) bool {
	return inventory.Unique(c.Value) && (c.Kind == "gpu-uuid" || c.Kind == "unique-id" || c.Kind == inventory.AttestationKey)
}

// statesChip says that a device states an id of its chip that a driver read.
func statesChip(d *inventory.Device) bool {
	return slices.ContainsFunc(d.Identity, func(c inventory.IdentityClaim) bool {
		return ofChip(c) && c.Kind != inventory.AttestationKey
	})
}

func (g *group) add(i int, d *inventory.Device, slot string) {
	g.any.add(slot)
	if IdentityUnread(d) {
		g.unread = append(g.unread, i)
	}
	model := inventory.Text(d.PCI.DeviceID)
	switch {
	case statesChip(d):
		s := g.stating[model]
		s.add(slot)
		g.stating[model] = s
	case d.PCI.DeviceID != nil:
		g.without[model] = append(g.without[model], i)
	}
}

// Shared finds the devices in other slots of the machine that state an id of d.
func (n *Neighbours) Shared(d *inventory.Device) []facts.Shared {
	shared := []facts.Shared{}
	for _, c := range d.Identity {
		if ofChip(c) {
			shared = Merge(shared, c.Kind, n.named(d, n.claims[chipID{c.Kind, c.Value}]))
		}
	}
	return shared
}

// Unread lists the devices in other slots of the machine, and of d's maker, whose ids are
// not known, d itself among them: with them d could not be compared. Where d has nobody
// to be compared with there are none. A device that states no id of its chip though one of
// the same model does has one that was not read.
func (n *Neighbours) Unread(d *inventory.Device) []string {
	groups := []*group{n.all}
	if v := d.PCI.VendorID; v != nil {
		groups = []*group{n.anybody}
		if g := n.makers[*v]; g != nil {
			groups = append(groups, g)
		}
	}
	slot, states := inventory.SlotOf(d.Address), statesChip(d)
	others, itself := false, IdentityUnread(d)
	var lists [][]int
	for _, g := range groups {
		others = others || g.any.besides(slot)
		lists = append(lists, g.unread)
		model := inventory.Text(d.PCI.DeviceID)
		if states {
			lists = append(lists, g.without[model])
		} else if d.PCI.DeviceID != nil {
			stating := g.stating[model]
			itself = itself || stating.besides(slot)
		}
	}
	unread := n.named(d, lists...)
	if others && itself && len(unread) < maxNamed {
		unread = append(unread, d.Address)
	}
	slices.Sort(unread)
	return unread
}

// named are the addresses of the first devices of some lists that are not in d's slot,
// in the order of the machine.
func (n *Neighbours) named(d *inventory.Device, lists ...[]int) []string {
	var named []string
	slot := inventory.SlotOf(d.Address)
	for len(named) < maxNamed {
		next := -1
		for _, list := range lists {
			if len(list) > 0 && (next < 0 || list[0] < next) {
				next = list[0]
			}
		}
		if next < 0 {
			break
		}
		for i, list := range lists {
			if len(list) > 0 && list[0] == next {
				lists[i] = list[1:]
			}
		}
		n.looked++
		if n.slots[next] != slot {
			named = append(named, n.devices[next].Address)
		}
	}
	return named
}
