package fleet_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// machine has a card of a maker at a slot: serial "" is one whose id nobody read.
func machine(uuid, maker, address, serial string) *inventory.Inventory {
	inv := &inventory.Inventory{Devices: []inventory.Device{{Address: address, PCI: inventory.PCI{VendorID: &maker}}}}
	if uuid != "" {
		inv.Host.DMI.ProductUUID = &uuid
	}
	if serial != "" {
		inv.Devices[0].Identity = []inventory.IdentityClaim{{Kind: "gpu-uuid", Value: serial}}
	}
	return inv
}

// of makes a fleet of machines named m0, m1, …
func of(t *testing.T, machines ...*inventory.Inventory) *fleet.Fleet {
	t.Helper()
	f := fleet.New()
	for i, m := range machines {
		if err := f.Add(fmt.Sprintf("dir/m%d", i), fleet.IDsOf(m, true)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

const slot = "0000:03:00.0"

// shared is what the fleet says of the first device of one of its machines.
func shared(f *fleet.Fleet, i int, m *inventory.Inventory) (with, unread []string) {
	others := f.Elsewhere(fmt.Sprintf("dir/m%d", i), &m.Devices[0])
	for _, s := range others.Shared {
		with = append(with, s.With...)
	}
	return with, others.Unread
}

func TestElsewhere(t *testing.T) {
	for _, tt := range []struct {
		name         string
		machines     []*inventory.Inventory
		with, unread []string // of the first
	}{
		{"alone", []*inventory.Inventory{machine("A1", "10de", slot, "GPU-1")}, nil, nil},
		{"another card", []*inventory.Inventory{machine("A1", "10de", slot, "GPU-1"), machine("A2", "10de", slot, "GPU-2")}, nil, nil},
		{"one number on two machines", []*inventory.Inventory{machine("A1", "10de", slot, "GPU-1"), machine("A2", "10de", slot, "GPU-1")}, []string{"m1 " + slot}, nil},
		{"the same machine again", []*inventory.Inventory{machine("A1", "10de", slot, "GPU-1"), machine("A1", "10de", slot, "GPU-1")}, nil, nil},
		{"another slot of the same machine", []*inventory.Inventory{machine("A1", "10de", slot, "GPU-1"), machine("A1", "10de", "0000:04:00.0", "GPU-1")}, []string{"m1 0000:04:00.0"}, nil},
		{"machines that nothing tells apart", []*inventory.Inventory{machine("", "10de", slot, "GPU-1"), machine("", "10de", slot, "GPU-1")}, []string{"m1 " + slot}, nil},
		{"machines with a placeholder for a serial number", []*inventory.Inventory{machine("00000000", "10de", slot, "GPU-1"), machine("00000000", "10de", slot, "GPU-1")}, []string{"m1 " + slot}, nil},
		{"a placeholder on two cards", []*inventory.Inventory{machine("A1", "10de", slot, "0000"), machine("A2", "10de", slot, "0000")}, nil, []string{"m1 " + slot}},
		{"an id that nobody read", []*inventory.Inventory{machine("A1", "10de", slot, "GPU-1"), machine("A2", "10de", slot, "")}, nil, []string{"m1 " + slot}},
		{"an id of another maker's that nobody read", []*inventory.Inventory{machine("A1", "1002", slot, "GPU-1"), machine("A2", "10de", slot, "")}, nil, nil},
	} {
		f := of(t, tt.machines...)
		with, unread := shared(f, 0, tt.machines[0])
		if !slices.Equal(with, tt.with) || !slices.Equal(unread, tt.unread) {
			t.Errorf("%s: shared with %q, unread %q; want %q and %q", tt.name, with, unread, tt.with, tt.unread)
		}
	}
}

func TestAdd(t *testing.T) {
	f := of(t, machine("A1", "10de", slot, "GPU-1"))
	if err := f.Add("dir/m0", fleet.IDsOf(machine("A2", "10de", slot, "GPU-2"), true)); !errors.Is(err, fleet.ErrTwice) {
		t.Errorf("the same input again: %v", err)
	}
	if err := f.Add("damaged", nil); err != nil {
		t.Error(err)
	}
	if err := f.Add("damaged", nil); !errors.Is(err, fleet.ErrTwice) {
		t.Errorf("an input that could not be read, again: %v", err)
	}
	// A damaged input says what it states, and nothing of what it lacks.
	part := machine("A3", "10de", slot, "GPU-1")
	lacking := machine("A4", "10de", slot, "")
	for name, m := range map[string]*inventory.Inventory{"part": part, "lacking": lacking} {
		if err := f.Add(name, fleet.IDsOf(m, false)); err != nil {
			t.Fatal(err)
		}
	}
	with, unread := shared(f, 0, machine("A1", "10de", slot, "GPU-1"))
	if !slices.Equal(with, []string{"part " + slot}) || unread != nil {
		t.Errorf("shared with %q, unread %q", with, unread)
	}
}

// TestManyOfOneNumber: one number on every card of a large fleet is told of each, and
// the same card seen a thousand times hides no other one.
func TestManyOfOneNumber(t *testing.T) {
	var machines []*inventory.Inventory
	for i := range 1000 {
		machines = append(machines, machine(fmt.Sprintf("A%d", i), "10de", slot, "GPU-1"))
	}
	f := of(t, machines...)
	for _, i := range []int{0, 1, 63, 64, 999} {
		if with, _ := shared(f, i, machines[i]); len(with) == 0 || len(with) > fleet.MaxNamed {
			t.Errorf("machine %d of 1000 shares its number with %d", i, len(with))
		}
	}
	machines = nil
	for range 100 {
		machines = append(machines, machine("A", "10de", slot, "GPU-1"))
	}
	machines = append(machines, machine("B", "10de", slot, "GPU-1"), machine("B", "10de", slot, "GPU-1"))
	f = of(t, machines...)
	if with, _ := shared(f, 0, machines[0]); !slices.Equal(with, []string{"m100 " + slot}) {
		t.Errorf("the card that was seen often: shared with %q", with)
	}
	for _, i := range []int{100, 101} {
		if with, _ := shared(f, i, machines[i]); len(with) != fleet.MaxNamed {
			t.Errorf("machine %d: shared with %d", i, len(with))
		}
	}
}

func TestOrdered(t *testing.T) {
	var inputs []string
	for i := range 200 {
		inputs = append(inputs, fmt.Sprint(i))
	}
	var running, most atomic.Int32
	var got []string
	for answer := range fleet.Ordered(inputs, func(s string) string {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return s
	}) {
		got = append(got, answer)
	}
	if !slices.Equal(got, inputs) {
		t.Errorf("got %q", got)
	}
	// Who has seen enough stops the work: few inputs were begun.
	var begun atomic.Int32
	for range fleet.Ordered(inputs, func(string) int { return int(begun.Add(1)) }) {
		break
	}
	if n := begun.Load(); n > 100 {
		t.Errorf("%d inputs were begun after the first answer was enough", n)
	}
}

func TestWorse(t *testing.T) {
	codes := []int{4, 1, 3, 0} // the worst first
	for i, a := range codes {
		for j, b := range codes {
			if got := fleet.Worse(a, b); got != codes[min(i, j)] {
				t.Errorf("of %d and %d counts %d", a, b, got)
			}
		}
	}
	if fleet.Worse(0, 2) != 2 || fleet.Worse(0, 77) != 77 {
		t.Error("a code that nobody knows is taken for a pass")
	}
}
