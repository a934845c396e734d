package compare

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// sharedOf and unreadOf say what [Neighbours] says, by looking at all devices for each.
func sharedOf(d *inventory.Device, devices []inventory.Device) []facts.Shared {
	shared := []facts.Shared{}
	for _, c := range d.Identity {
		if !ofChip(c) {
			continue
		}
		var with []string
		for _, other := range devices {
			if len(with) < maxNamed && inventory.SlotOf(other.Address) != inventory.SlotOf(d.Address) &&
				slices.ContainsFunc(other.Identity, func(o inventory.IdentityClaim) bool { return o.Kind == c.Kind && o.Value == c.Value }) {
				with = append(with, other.Address)
			}
		}
		shared = Merge(shared, c.Kind, with)
	}
	return shared
}

func unreadOf(d *inventory.Device, devices []inventory.Device) []string {
	lacks := func(d, model *inventory.Device) bool {
		return d.PCI.DeviceID != nil && inventory.Text(model.PCI.DeviceID) == *d.PCI.DeviceID && statesChip(model) && !statesChip(d)
	}
	var unread []string
	others, itself := false, IdentityUnread(d)
	for i := range devices {
		other := &devices[i]
		if inventory.SlotOf(other.Address) == inventory.SlotOf(d.Address) ||
			d.PCI.VendorID != nil && other.PCI.VendorID != nil && *d.PCI.VendorID != *other.PCI.VendorID {
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

// odd makes a machine of n devices in which little is certain.
func odd(r *rand.Rand, n int) []inventory.Device {
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	maybe := func(of ...string) *string {
		if r.IntN(4) == 0 {
			return nil
		}
		return new(one(of...))
	}
	var devices []inventory.Device
	for i := range n {
		d := inventory.Device{Address: fmt.Sprintf("0000:%02x:%02x.%d", i>>6&0xff, i>>1&0x1f, i&1)}
		d.PCI.VendorID, d.PCI.DeviceID = maybe("10de", "1002", "8086", ""), maybe("2684", "73ff", "")
		for range r.IntN(3) {
			d.Identity = append(d.Identity, inventory.IdentityClaim{
				Kind:  one("gpu-uuid", "unique-id", "serial", inventory.AttestationKey),
				Value: one("GPU-1", "GPU-2", "0000", inventory.Redacted, fmt.Sprint("GPU-", i, "x")),
			})
		}
		if r.IntN(3) == 0 {
			d.Driver = &inventory.Driver{Name: one("amdgpu", "nvidia")}
		}
		if r.IntN(8) == 0 {
			d.Gaps = []inventory.Gap{{Fact: one("", "/identity", "/identity/0", "/driver")}}
		}
		devices = append(devices, d)
	}
	return devices
}

// TestNeighboursSayWhatALookAtAllSays: of small machines and of some with more devices
// than are named.
func TestNeighboursSayWhatALookAtAllSays(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		devices := odd(r, 1+int(seed)%20)
		if seed%40 == 0 {
			devices = odd(r, 400)
		}
		n := Within(devices)
		for i := range devices {
			d := &devices[i]
			if got, want := n.Shared(d), sharedOf(d, devices); !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d, %s: shared %v, want %v", seed, d.Address, got, want)
			}
			if got, want := n.Unread(d), unreadOf(d, devices); !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d, %s: unread %v, want %v", seed, d.Address, got, want)
			}
		}
	}
}

// TestNeighboursGrow counts the devices that are looked at where all state one id, where
// no id was read, where one model's are in part, and where nothing is like another.
func TestNeighboursGrow(t *testing.T) {
	machines := map[string]func(i int) inventory.Device{
		"one id": func(int) inventory.Device {
			return inventory.Device{Identity: []inventory.IdentityClaim{{Kind: "gpu-uuid", Value: "GPU-1"}}}
		},
		"none read": func(int) inventory.Device { return inventory.Device{PCI: inventory.PCI{VendorID: new("10de")}} },
		"no maker": func(i int) inventory.Device {
			return inventory.Device{PCI: inventory.PCI{VendorID: [...]*string{nil, new("1002")}[i%2]}}
		},
		"many makers": func(i int) inventory.Device {
			return inventory.Device{PCI: inventory.PCI{VendorID: new(fmt.Sprintf("%04x", i))}}
		},
		"in part": func(i int) inventory.Device {
			d := inventory.Device{PCI: inventory.PCI{VendorID: new("1002"), DeviceID: new("73ff")}, Driver: &inventory.Driver{Name: "amdgpu"}}
			if i%2 == 0 {
				d.Identity = []inventory.IdentityClaim{{Kind: "unique-id", Value: fmt.Sprint("x", i)}}
			}
			return d
		},
	}
	for name, of := range machines {
		looked := func(n int) int {
			devices := make([]inventory.Device, n)
			for i := range devices {
				devices[i] = of(i)
				devices[i].Address = fmt.Sprintf("%04x:%02x:00.0", i>>8, i&0xff)
			}
			all := Within(devices)
			for i := range devices {
				all.Shared(&devices[i])
				all.Unread(&devices[i])
			}
			return all.looked
		}
		few, many := looked(256), looked(4096)
		t.Logf("%s: %d of 256, %d of 4096", name, few, many)
		if many > 17*few {
			t.Errorf("%s: %d devices are looked at where there are 256, and %d where there are 4096", name, few, many)
		}
	}
}
