package pci

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue/pciids"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// topology reads what else belongs to the card or stands above it. sysfs links
// each function to a path that holds the bridges above it:
// ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0.
func (r *reader) topology(ctx context.Context, env *collect.Env, b *bus) {
	all, err := b.functions(env)
	if err != nil {
		r.gap("/functions", "", err)
		return
	}
	chain, err := r.chain(r.d.Address)
	if err != nil {
		r.gap("/bridges", "", err)
	}
	far := r.fsys
	defer func() { r.fsys = far }()
	for _, bridge := range chain {
		r.fsys = bridgeAhead(far, devicesDir+"/"+bridge+"/")
		f := r.function(bridge)
		f.ACSEnabled = r.acs(bridge)
		f.Link = readLink(r.fsys, devicesDir+"/"+bridge+"/", func(string, string, error) {}) // a conventional bridge has none
		r.d.Bridges = append(r.d.Bridges, f)
	}
	r.fsys = far
	ports := r.machinePorts()
	if len(chain) > ports {
		r.slot(ctx, env, chain)
	}
	r.others(all, chain, ports)
}

// bridgeAhead reads what of each bridge above a device is looked at.
func bridgeAhead(fsys fs.FS, dir string) fs.FS {
	var files []string
	for _, name := range slices.Concat(idFiles[:], linkFiles[:]) {
		files = append(files, dir+name)
	}
	return collect.Ahead(fsys, files, []string{dir + "driver"}, nil, nil)
}

// others sorts the other functions of the machine into those of the slot's
// address, those on the card, and those of which that is not known.
func (r *reader) others(all, chain []string, ports int) {
	slot, bus := inventory.SlotOf(r.d.Address), inventory.BusOf(r.d.Address)
	top := r.cardRoot()
	for _, a := range all {
		switch {
		case a == r.d.Address || slices.Contains(chain, a):
		case inventory.SlotOf(a) == slot:
			r.d.Functions = append(r.d.Functions, r.function(a))
		case len(chain) > 0 && inventory.BusOf(a) == bus, top != "" && r.below(a, top):
			r.d.Siblings = append(r.d.Siblings, r.function(a))
		case len(chain) > ports && r.d.Slot == nil && !r.neighbour(a, chain, ports):
			return
		}
	}
}

// maxNeighbours is far above what hangs behind one port of a server.
const maxNeighbours = 256

// chipset are the bridges in AMD's chipsets, which are switches of the machine
// itself: a slot may hang off them.
var chipset = []string{"43b0", "43b1", "43b4", "43c6", "43c7", "43e9", "43ea", "43f4", "43f5", "57a3", "57a4", "57ad"}

// machinePorts counts the bridges above the device that are the machine's for
// certain: the root port, and those of AMD's chipset right below a port of AMD's
// processor. Whoever makes another switch say that it is one hides what is on it.
func (r *reader) machinePorts() int {
	const amd = "1022"
	for i, b := range r.d.Bridges {
		if inventory.Text(b.VendorID) != amd || i > 0 && !slices.Contains(chipset, inventory.Text(b.DeviceID)) {
			return max(i, 1)
		}
	}
	return max(len(r.d.Bridges), 1)
}

// neighbour notes a function that the machine's last port leads to, too, unless it
// is a bridge itself. It is false when there are too many.
func (r *reader) neighbour(address string, chain []string, ports int) bool {
	theirs, err := r.chain(address)
	if err != nil {
		r.gap("/neighbours", "", err)
		return true
	}
	common := 0
	for common < min(len(chain), len(theirs)) && chain[common] == theirs[common] {
		common++
	}
	f := r.function(address)
	if common < ports || strings.HasPrefix(inventory.Text(f.ClassCode), "0604") {
		return true
	}
	if len(r.d.Neighbours) == maxNeighbours {
		r.gap("/neighbours", "", fmt.Errorf("%w of %d devices behind one port", collect.ErrLimit, maxNeighbours))
		return false
	}
	r.d.Neighbours = append(r.d.Neighbours, inventory.Neighbour{Function: f, Behind: chain[common-1]})
	return true
}

// cardRoot is the bridge at which the card begins, "" where nothing tells. It is
// the outermost bridge below the root port that is of the card's vendor (AMD's
// and Intel's larger cards have a switch of their own), or the bridge at which the
// card's slot begins, where that is further out.
func (r *reader) cardRoot() string {
	slot := ""
	if r.d.Slot != nil {
		slot = r.d.Slot.Bridge
	}
	for i, b := range r.d.Bridges {
		if b.Address == slot || i > 0 && b.VendorID != nil && inventory.Text(b.VendorID) == inventory.Text(r.d.PCI.VendorID) {
			return b.Address
		}
	}
	return ""
}

// below says that a function sits under a bridge.
func (r *reader) below(address, bridge string) bool {
	chain, err := r.chain(address)
	return err == nil && slices.Contains(chain, bridge)
}

// chain is the bridges above a function, the outermost first.
func (r *reader) chain(address string) ([]string, error) {
	target, err := fs.ReadLink(r.fsys, devicesDir+"/"+address)
	if err != nil {
		return nil, err
	}
	var chain []string
	for part := range strings.SplitSeq(target, "/") {
		if inventory.ValidAddress(part) && part != address {
			chain = append(chain, part)
		}
	}
	return chain, nil
}

func (r *reader) function(address string) inventory.Function {
	found := readIDs(r.fsys, address)
	f := inventory.Function{
		Address: address, VendorID: found.vendor, DeviceID: found.device, ClassCode: found.class,
		SubsystemVendorID: found.subvendor, SubsystemDeviceID: found.subdevice,
		Name: known(pciids.Device(inventory.Text(found.vendor), inventory.Text(found.device))),
	}
	if driver, err := collect.LinkBase(r.fsys, devicesDir+"/"+address+"/driver"); err == nil {
		f.Driver = &driver
	}
	return f
}

func (r *reader) acs(bridge string) *bool {
	b, err := collect.Read(r.fsys, devicesDir+"/"+bridge+"/config", extendedBytes)
	if err != nil {
		return nil
	}
	return parseConfig(b).acs()
}
