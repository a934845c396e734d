package optionrom

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// place is a PCI function as a path from its root bus. Bus numbers are not part
// of it: firmware's paths hold none, because a bridge decides them.
type place struct {
	device  *inventory.Device // the device it belongs to
	address string
	root    string // domain and bus of the outermost element: "0000:00"
	nodes   []eventlog.PCINode
}

// placesOf lists the functions that a path can lead to: the devices and the
// other functions of their slots.
func placesOf(inv *inventory.Inventory) []place {
	var out []place
	for i := range inv.Devices {
		d := &inv.Devices[i]
		addresses := []string{d.Address}
		for _, f := range d.Functions {
			addresses = append(addresses, f.Address)
		}
		for _, a := range addresses {
			if p, ok := placeOf(d, a); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// exists says that a path leads to a function of the machine, or may: which bus
// the UID of a root bridge other than 0 stands for is not known. A bridge with
// others behind it brings no driver, and nobody knows of a machine whose
// functions are not listed.
func exists(path *eventlog.DevicePath, functions [][]string) bool {
	for _, f := range functions {
		var p place
		for _, a := range f {
			if !p.add(a) {
				return false
			}
		}
		if !same(p.nodes, path.PCI) || *path.Root == 0 && p.root != "0000:00" {
			continue
		}
		if !slices.ContainsFunc(functions, func(other []string) bool {
			return len(other) > len(f) && other[len(f)-1] == f[len(f)-1]
		}) {
			return true
		}
	}
	return false
}

func placeOf(d *inventory.Device, address string) (place, bool) {
	p := place{device: d, address: address}
	for _, b := range d.Bridges {
		if !p.add(b.Address) {
			return p, false
		}
	}
	return p, p.add(address)
}

// add appends an address of the form domain:bus:device.function.
func (p *place) add(address string) bool {
	a, ok := inventory.ParseAddress(address)
	if !ok {
		return false
	}
	if len(p.nodes) == 0 {
		p.root = inventory.BusOf(address)
	}
	p.nodes = append(p.nodes, eventlog.PCINode{Device: int(a.Device), Function: int(a.Function)})
	return true
}

// resolve finds the places that a path fits. It is certain only for root bridge
// 0 and bus 0 of domain 0, which every PC has: which bus another root bridge's
// UID stands for is known to ACPI alone, and an inventory lacks most devices.
func resolve(path *eventlog.DevicePath, places []place) (found []place, certain bool) {
	for _, p := range places {
		if !same(p.nodes, path.PCI) {
			continue
		}
		if *path.Root == 0 && p.root == "0000:00" {
			return []place{p}, true
		}
		found = append(found, p)
	}
	return found, false
}

func same(a, b []eventlog.PCINode) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
